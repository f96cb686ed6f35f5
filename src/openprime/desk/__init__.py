"""The broker's book of record: commands in, events out, and nothing else.

The desk is pure. It reads no clock, draws no random number, does no I/O and uses no float: what
it needs of time and market reaches it in the envelope of a command. The same commands give the
same events and the same state, always, which is what makes recovery and replay possible.
"""
