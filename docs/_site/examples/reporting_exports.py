from datetime import UTC, datetime, timedelta

now = datetime.now(UTC)
job = await intercom.reporting_exports.enqueue(
    dataset_id="conversation",
    attribute_ids=["conversation_id"],
    start_time=now - timedelta(days=1),
    end_time=now,
)
print(job.status)
