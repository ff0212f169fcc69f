async for segment in intercom.segments.list(include_count=True):
    print(segment.name, segment.count)
