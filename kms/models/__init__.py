"""The tables, one module for each cluster of nouns."""

from kms.models.accounts import Account, Invitation
from kms.models.activities import (
    Activity,
    ActivityNote,
    ActivityOrganisation,
    ActivityPlace,
    ActivityTheme,
    Overlap,
    OverlapPlace,
)
from kms.models.attachments import Attachment, NoteAttachment
from kms.models.briefings import Briefing
from kms.models.comments import Comment
from kms.models.drafts import Draft, Upload
from kms.models.follow_up import NoteAction, Recommendation, RecommendationAnswer
from kms.models.following import Follow, Mention
from kms.models.lessons import LessonStep
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
from kms.models.people import (
    Merging,
    NotTheSame,
    Organisation,
    OrganisationAlias,
    Person,
    PersonAlias,
)
from kms.models.roles import RoleAssignment
from kms.models.system import IndexChange, Setting
from kms.models.themes import Tag, Theme

__all__ = [
    "Account",
    "Activity",
    "ActivityNote",
    "ActivityOrganisation",
    "ActivityPlace",
    "ActivityTheme",
    "Attachment",
    "Briefing",
    "Comment",
    "Draft",
    "Follow",
    "IndexChange",
    "Invitation",
    "LessonSource",
    "LessonStep",
    "Mention",
    "Merging",
    "NotTheSame",
    "Note",
    "NoteAction",
    "NoteAttachment",
    "NoteOrganisation",
    "NotePerson",
    "NotePlace",
    "NoteTag",
    "NoteTheme",
    "Organisation",
    "OrganisationAlias",
    "Overlap",
    "OverlapPlace",
    "Person",
    "PersonAlias",
    "Recommendation",
    "RecommendationAnswer",
    "Revision",
    "RoleAssignment",
    "Setting",
    "Tag",
    "Theme",
    "Upload",
    "WikiLink",
]
