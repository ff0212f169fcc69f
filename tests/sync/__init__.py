"""Tests of `sync`, named by what a sync promises.

Modules without a test of their name, and where they are tested:

- `builtin_streams`: test_sync.py
- `carried`: test_sync_model.py
- `chain`: test_cost_of_kills.py, test_sync_model.py
- `checkpoint`: test_older_targets.py, test_targets.py
- `chosen_streams`: test_dropping.py
- `control_rows`: test_machine.py
- `counting_client`: test_writer.py, test_outage.py
- `counted_changes`: test_come_and_gone.py, test_busy_workspace.py
- `cut_points`: test_partitions.py
- `embedded`: test_sync.py, test_list_price.py
- `engine`: test_sync.py, test_sync_model.py
- `held_keys`: test_sync_model.py
- `isolated_changes`: test_holes.py, test_rising_changes.py
- `list_reader`: test_sync_model.py, test_numbered_pages.py
- `list_reconciler`: test_sync_model.py, test_numbered_pages.py
- `loading`: test_sync.py
- `page_reader`: test_holes.py
- `page_reading`: test_isolation.py
- `plan`: test_list_price.py, test_sync_model.py
- `planner`: test_partitions.py
- `policy`: test_sync_model.py
- `prepared`: test_sync.py
- `progress`: test_sync.py
- `readings`: test_sync.py
- `reconcile`: test_sync_model.py
- `report`: test_sync.py
- `rising_list`: test_changed_meanwhile.py, test_rising_changes.py
- `row_count`: test_surplus.py
- `run`: test_arguments.py, test_sync.py
- `run_options`: test_arguments.py
- `shard`: ../services/test_shards.py
- `shard_plan`: ../services/test_shards.py
- `short_parts`: test_recounted.py
- `span_pages`: test_isolation.py
- `stale_children`: test_machine.py, test_child_reader.py
- `stream_run`: test_writer.py
- `streams`: test_sync.py
- `tail_reader`: test_sync_model.py, test_holes.py
- `throughput`: test_writer.py
- `checked_run`: test_arguments.py
- `shard_targets`: ../services/test_shards.py
"""
