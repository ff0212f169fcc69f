newest = intercom.with_options(version="2.15")
call = await newest.fin_voice.register(phone_number="+12025550100", call_id="call-1")
print(call.status)
