"""Headings by which a table's columns are recognised, in the form that `heading` returns."""

import re

IMAGE_HEADINGS = (
    "image", "images", "img", "file", "files", "filename", "filenames", "fname", "imageid", "imagename", "imagepath",
    "imagefile", "imageindex", "imgname", "imgid", "imgpath", "path", "filepath", "photo", "picture", "idcode",
    "imagefilename", "relpath",
)  # fmt: skip
WEAK_IMAGE_HEADINGS = ("0", "name", "names", "id")
"""Headings of image names that other columns have too."""
LABEL_HEADINGS = (
    "label", "labels", "level", "levels", "class", "classes", "diagnosis", "grade", "grades", "target",
    "category", "y", "drgrade", "drlevel", "retinopathygrade", "severity",
)  # fmt: skip
OTHER_LABEL_HEADINGS = (
    "dx", "findinglabels", "finding", "findings", "classname", "classid", "classlabel", "labelname", "disease",
    "pathology", "species", "breed", "choice", "emotion", "stage", "tag", "tags", "categoryname", "categoryid",
    "groundtruth", "annotation", "attributeids",
)  # fmt: skip
"""Headings of labels that count where none of `LABEL_HEADINGS` is there."""
SPLIT_HEADINGS = ("split", "set", "subset", "partition", "dataset")
GROUP_HEADINGS = (
    "patient", "patients", "patientid", "patientno", "subject", "subjectid", "participant", "participantid",
    "person", "personid", "group", "groups", "groupid", "lesion", "lesionid", "case", "caseid", "study", "studyid",
)  # fmt: skip


def heading(text: str) -> str:
    """Reduce a heading to lower-case letters and digits: `Image name` and `image_name` are the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
