"""An independent oracle: what the org must hold, worked out from both emulators' own state by the published rules.

It uses nothing of `fairlead.sync` or `fairlead.features`: dates, links, keys and states are written here a second time.
`check.check(...)` is the entrance; `tolerance.Tolerance` holds what no client can know before it reads everything again.
"""
