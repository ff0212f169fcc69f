contact = await intercom.contacts.list().first()
if contact is not None:
    newest = intercom.with_options(version="2.16")
    async for banner in newest.banners.list(contact.id):
        await newest.banners.dismiss(contact_id=contact.id, view_id=banner.id)
