allowed = await intercom.ip_allowlist.get()
print(allowed.enabled, allowed.ip_allowlist)
