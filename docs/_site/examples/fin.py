from datetime import UTC, datetime

turn = await intercom.fin.start(
    "conversation-1",
    message={"author": "user", "body": "Where is my order?", "timestamp": datetime.now(UTC)},
    user={"id": "user-1", "name": "Ada", "email": "ada@example.com"},
)
print(turn.status)
