me = await intercom.admins.me()
item = await intercom.news.create_item(
    title="Version 2", sender_id=me.id, body="<p>It is here.</p>"
)
async for known in intercom.news.list_items():
    print(known.title)
