source = await intercom.ai_content.create_source(
    sync_behavior="api", url="https://example.com/docs"
)
await intercom.ai_content.create_page(
    title="Opening hours",
    html="<p>Monday to Friday</p>",
    url="https://example.com/docs/hours",
    source_id=source.id,
    external_id="hours",
    locale="en",
)
