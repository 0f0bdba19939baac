"""Which cameras exist: their files, divisions, zones and credentials, and who looks after them.

`camera` holds the record, `store` keeps it; `device_code` and `fields` say what it may hold.
`importing` takes whole files in, `shards` hands cameras out to workers.
"""
