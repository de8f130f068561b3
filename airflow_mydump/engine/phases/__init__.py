"""The phases of a copy, one module each, in the order preflight, prefetch, plan, schema, data, index, verify,
post, report.

Each phase is one function. Phases share nothing but the work directory, the ledger and both servers, so each may run in
a process, or on a machine, of its own; each may run again at any time and does no finished step twice.
"""
