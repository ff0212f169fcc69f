me = await intercom.admins.me()
article = await intercom.internal_articles.create(
    title="On call", author_id=me.id, owner_id=me.id, body="<p>Call Grace</p>"
)
print(article.id)
