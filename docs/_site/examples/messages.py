me = await intercom.admins.me()
contact = await intercom.contacts.create(role="user", email="ada@example.com")
await intercom.messages.send_email(
    admin_id=me.id,
    to={"type": "user", "id": contact.id},
    subject="Welcome",
    body="Good to have you.",
    template="plain",
)
