from datetime import UTC, datetime, timedelta

now = datetime.now(UTC)
async for row in intercom.data_exports.rows(
    created_at_after=now - timedelta(days=1), created_at_before=now
):
    print(row)
