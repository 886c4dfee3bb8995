"""Living messages that belong to no operation: each is posted once and changes with what it tells.

Who has something to tell puts a ``Note`` in the transaction in which it learns of it. What the
message looks like, when it is sent and whether it still stands in Slack is none of its business.
"""

from bot.operations.notes.note import Note, NoteKind
from bot.operations.notes.note_book import NoteBook, put_note, take_notes

__all__ = ["Note", "NoteBook", "NoteKind", "put_note", "take_notes"]
