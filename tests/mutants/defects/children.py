"""Defects of children, and of the rows that they belong to."""

from __future__ import annotations

from tests.mutants.masks import NOT_COUNTED
from tests.mutants.mutant import Edit, Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "replies_missed",
        "children are read once for each parent",
        (
            Edit(
                "stream_run.py",
                "        if family is None or family.is_gone or family.version < version:\n",
                "        if family is not None:\n            return False\n"
                "        if family is None or family.is_gone or family.version < version:\n",
            ),
        ),
        focus="parts",
    ),
    Mutant(
        "children_outlive_answers",
        "children that an answer no longer has stay, and those of a truncated one go",
        (
            Edit(
                "child_reader.py",
                "        if lack or bad or is_long:\n",
                "        if False:\n",
            ),
        ),
        history="empty-answer-of-parts",
        focus="parts",
    ),
    Mutant(
        "not_found_is_proof",
        "one 404 of a conversation deletes it",
        (
            Edit(
                "child_reader.py",
                '        if parent is not None and gone.reason == "deleted":\n',
                "        if False:\n",
            ),
        ),
        history="not-found-by-its-id",
        focus="parts",
    ),
    Mutant(
        "any_status_is_proof",
        "a 404 or a 410 of a proxy removes a row and its parts",
        (
            Edit(
                "evidence.py",
                "    try:\n        msgspec.json.decode(error.body, type=_Envelope)\n"
                "    except UNREADABLE:\n        return None\n",
                "",
            ),
        ),
        history="gone-says-a-proxy",
        focus="evidence",
    ),
    Mutant(
        "hidden_parent_remembered",
        "parts that were dropped and come again are read of parents that change only",
        (
            *NOT_COUNTED,
            Edit(
                "prepared.py",
                "        if is_hidden and child.name not in saved and",
                "        if False and",
            ),
        ),
        history="parts-after-they-were-dropped",
        focus="subsets",
    ),
    Mutant(
        "refused_for_good",
        "a stream of children that was refused once is never complete again",
        (Edit("run.py", "            if _has_read_children(run):\n", "            if False:\n"),),
        history="children-refused-once",
        focus="parts",
    ),
    Mutant(
        "outage_leaves_children",
        "an outage that outlasts the patience leaves children unread, and the run is complete",
        (
            *NOT_COUNTED,
            Edit(
                "child_reader.py",
                "            run.was_cut_off = run.was_cut_off or not is_read\n",
                "",
            ),
        ),
        history="outage-while-children-are-read",
        focus="given up",
    ),
    Mutant(
        "none_of_those_counted",
        "an answer without any of the parts that it counts is accepted once it comes twice",
        (
            Edit(
                "child_reader.py",
                "        is_empty = not rows and children.total > 0\n",
                '        is_empty, doubt = False, doubt if rows else ""\n',
            ),
        ),
        history="empty-answers-of-parts-after-a-stop",
        focus="parts",
    ),
    Mutant(
        "keyless_part_wipes",
        "a part that comes without its key lets the part go that it is",
        (
            Edit(
                "child_reader.py",
                "        kept_before = 0\n        if lack or bad or is_long:\n",
                "        kept_before = 0\n        if lack or is_long:\n",
            ),
        ),
        history="part-without-its-key",
        focus="parts",
    ),
    Mutant(
        "half_an_answer",
        "an answer with half of the parts that it counts lets the others go",
        (
            Edit(
                "child_reader.py",
                "        if not lack or came >= LONGEST_ANSWER or is_again:\n",
                "        if before is None or is_again:\n",
            ),
            Edit(
                "child_reader.py",
                "        is_settled = not doubt or",
                "        is_settled = True or",
            ),
            Edit(
                "child_reader.py",
                "        kept_before = 0\n        if lack or bad or is_long:\n",
                "        kept_before = 0\n        if False:\n",
            ),
        ),
        history="short-answer-of-parts",
        focus="parts",
    ),
    Mutant(
        "cut_answer_brings_back",
        "children that went with their parent come back by an answer that is cut",
        (
            Edit(
                "sinks/merge.py",
                "        if stricter:\n",
                "        if False:\n",
            ),
        ),
        focus="parts",
        test="tests/sync/test_generations.py::test_children_that_are_gone_stay_so_after_a_truncated_answer",
    ),
    Mutant(
        "damaged_children_are_known",
        "children of a damaged file are not read again",
        (
            Edit(
                "loading.py",
                "        is_whole = saved is not None and not run.is_repaired\n",
                "        is_whole = saved is not None\n",
            ),
        ),
        focus="damaged",
        test="tests/sync/test_sync_model.py::test_damaged_children_are_read_again",
    ),
    Mutant(
        "failed_parent_is_left",
        "a parent whose children could not be read is named nowhere",
        (
            Edit(
                "child_reader.py",
                '        hole = Hole(kind="parent", key=key, since=read_at, reason=reason)\n'
                "        await self._reader.hand_over(Batch(run, holes=[hole]))\n",
                "        await self._reader.hand_over(Batch(run))\n",
            ),
        ),
        focus="parts",
        test="tests/sync/test_sync_model.py::test_children_stand_once_whatever_fails",
    ),
    Mutant(
        "orphans_stay",
        "children stay whose parent went in a run that left them out",
        (
            Edit(
                "loading.py",
                "            if family is not None and not family.is_gone:\n",
                "            if False:\n",
            ),
        ),
        focus="subsets",
        test="tests/sync/test_orphans.py::test_children_that_were_left_out_go_with_the_next_run_that_reads_them",
    ),
    Mutant(
        "part_count_unseen",
        "children are known though their number has changed",
        (
            Edit(
                "stream_run.py",
                "family.version == version and bool(count) and family.digest != count",
                "False",
            ),
        ),
        focus="notes",
        test="tests/sync/test_child_reader.py::test_parts_of_another_count_are_read_again_though_no_time_tells",
    ),
    Mutant(
        "undated_part_wipes",
        "of an answer that is cut, a part without a time lets all go that it leaves out",
        (
            Edit(
                "child_reader.py",
                "for child in rows if child.version and not child.is_ahead]",
                "for child in rows]",
            ),
        ),
        focus="parts",
        test="tests/sync/test_times_to_come.py::test_a_part_of_another_time_lets_no_other_go",
    ),
    Mutant(
        "part_of_the_future_goes",
        "a part with a time to come goes once an answer that is cut leaves it out",
        (
            Edit(
                "sinks/merge.py",
                "        if version > family.read_at:\n",
                "        if False:\n",
            ),
        ),
        focus="parts",
        test="tests/sync/test_times_to_come.py::test_a_part_of_another_time_lets_no_other_go",
    ),
)
