contact = await intercom.contacts.create(role="user", email="ada@example.com")
note = await intercom.contacts.create_note(contact.id, body="Likes tea")
print((await intercom.notes.get(note.id)).body)
