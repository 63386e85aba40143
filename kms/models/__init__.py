"""The tables, one module for each cluster of nouns."""

from kms.models.accounts import Account, Invitation
from kms.models.attachments import Attachment, NoteAttachment
from kms.models.comments import Comment
from kms.models.drafts import Draft, Upload
from kms.models.notes import (
    LessonSource,
    Note,
    NoteOrganisation,
    NotePerson,
    NotePlace,
    NoteTag,
    NoteTheme,
    Revision,
    WikiLink,
)
from kms.models.people import Organisation, OrganisationAlias, Person, PersonAlias
from kms.models.roles import RoleAssignment
from kms.models.system import IndexChange, Setting
from kms.models.themes import Tag, Theme

__all__ = [
    "Account",
    "Attachment",
    "Comment",
    "Draft",
    "IndexChange",
    "Invitation",
    "LessonSource",
    "Note",
    "NoteAttachment",
    "NoteOrganisation",
    "NotePerson",
    "NotePlace",
    "NoteTag",
    "NoteTheme",
    "Organisation",
    "OrganisationAlias",
    "Person",
    "PersonAlias",
    "Revision",
    "RoleAssignment",
    "Setting",
    "Tag",
    "Theme",
    "Upload",
    "WikiLink",
]
