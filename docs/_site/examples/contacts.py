from intercom_async import F

ada = await intercom.contacts.create(role="user", email="ada@example.com", name="Ada")
ada = await intercom.contacts.update(ada.id, custom_attributes={"plan": "pro"})
await intercom.contacts.create_note(ada.id, body="Met at the conference")
async for user in intercom.contacts.search(F.role == "user", per_page=150):
    print(user.id, user.email)
