contact = await intercom.contacts.list().first()
tag = await intercom.tags.create(name="VIP")
if contact is not None:
    await intercom.contacts.attach_tag(contact.id, tag.id)
async for known in intercom.tags.list():
    print(known.name)
