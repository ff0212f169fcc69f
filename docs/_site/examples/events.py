contact = await intercom.contacts.create(role="user", external_id="user-77")
await intercom.events.create(event_name="ordered", user_id="user-77", metadata={"total": 12})
async for event in intercom.events.list(user_id="user-77"):
    print(event.event_name, event.created_at)
