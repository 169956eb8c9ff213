"""Files that come with a form become files of the session before the form is read.

So they are there still when the form is not accepted for another reason: browsers cannot choose a file for a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from appliance.interview import datatypes, pictures
from appliance.interview.datatypes.file import File, about_name, as_data, kept_name
from appliance.interview.errors import FieldProblem
from appliance.interview.files import FileInfo, Upload, guess_mimetype
from appliance.interview.host import Host
from appliance.interview.screen import Screen, ShownField
from appliance.interview.turn import Posted

__all__ = ["receive"]

_UNKNOWN = "application/octet-stream"
_MIMETYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


def receive(host: Host, screen: Screen, posted: Posted, uploads: Iterable[Upload]) -> tuple[Posted, dict[int, str]]:
    """Keep the files that came for fields that count.

    :returns: the form with the numbers of the files where the datatype reads them, and what was wrong, by field.
    """
    uploads = [upload for upload in uploads if upload.filename or upload.content]
    posted, errors = dict(posted), {}
    for upload in uploads:   # conditions of other fields see the name
        names = [name for name in posted.get(upload.field_name, ()) if name and name != upload.filename]
        posted[upload.field_name] = [*names, upload.filename]
    for field, datatype in _file_fields(screen, posted):
        kept = datatype.infos(field, posted)
        came = [upload for upload in uploads if upload.field_name == field.html_name]
        try:
            for upload in came:
                datatype.check(field, upload)
        except FieldProblem as problem:
            errors[field.number] = str(problem)
            came = []
            posted.pop(field.html_name, None)
        infos = [*kept, *(_keep(host, field, upload) for upload in came)]
        if not datatype.several:
            infos = infos[-1:]
        posted[kept_name(field)] = [str(info.number) for info in infos]
        posted[about_name(field)] = [json.dumps([as_data(info) for info in infos])]
    return posted, errors


def _file_fields(screen: Screen, posted: Posted) -> Iterator[tuple[ShownField, File]]:
    if not any(map(datatypes.is_file, screen.fields)):
        return
    counting = datatypes.visible(screen, posted)
    for field in screen.fields:
        if field.variable is not None and field.number in counting and not field.disabled:
            datatype = datatypes.find(field)
            if isinstance(datatype, File):
                yield field, datatype


def _keep(host: Host, field: ShownField, upload: Upload) -> FileInfo:
    filename = upload.filename or "file"   # `new_file` makes it a harmless one
    mimetype = guess_mimetype(filename)
    if mimetype == _UNKNOWN and _MIMETYPE.fullmatch(upload.mimetype):
        mimetype = upload.mimetype.lower()
    info = host.new_file(filename, mimetype)
    path = host.file_path(info.number)
    path.write_bytes(upload.content)
    if mimetype.startswith("image/"):
        info = _as_wanted(host, field, info, path)
    return host.file(info.number) or info


def _as_wanted(host: Host, field: ShownField, info: FileInfo, path: Path) -> FileInfo:
    """The picture in the size and format that the author wants; one that Pillow cannot read stays as it came."""
    largest, wanted = field.extras.get("maximum image size"), str(field.extras.get("image upload type") or "")
    to_format = pictures.format_of(wanted) if wanted else None
    if not largest and to_format is None:
        return info
    with suppress(ValueError):
        made = pictures.shrink(path, largest, to_format)
        if made is not None and to_format is not None:
            stem = info.filename.rpartition(".")[0] or info.filename
            extension = "jpg" if to_format == "JPEG" else to_format.lower()
            return host.rename_file(info.number, f"{stem}.{extension}")
    return info
