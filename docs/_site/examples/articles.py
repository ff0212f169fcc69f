me = await intercom.admins.me()
article = await intercom.articles.create(
    title="Opening hours", author_id=me.id, body="<p>9 to 5</p>"
)
await intercom.articles.update(article.id, state="published")
async for found in intercom.articles.search("opening"):
    print(found.title)
