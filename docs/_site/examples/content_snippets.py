newest = intercom.with_options(version="2.16")
snippet = await newest.content_snippets.create(title="Refunds", json_blocks=[])
print(snippet.id)
