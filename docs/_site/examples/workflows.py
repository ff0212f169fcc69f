newest = intercom.with_options(version="2.16")
exported = await newest.workflows.export("1")
print(exported)
