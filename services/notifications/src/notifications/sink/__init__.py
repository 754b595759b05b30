"""The sink: a mail server and a GOV.UK-Notify-shaped server for one machine, and a page that shows
every message a patient would have got. A process of its own; nothing leaves the machine.
"""
