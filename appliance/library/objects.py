"""DAObject: an object that knows its own name, so that what it lacks can be asked for.

Whoever reads an attribute that is not there gets a :class:`~appliance.interview.signals.MissingAttribute` that names it
(``user.birthdate``); the interview then looks for a block that defines it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, Self

from appliance.interview.host import running_evaluation
from appliance.interview.looking import looking, only_looking
from appliance.interview.signals import MissingAttribute, MissingName
from appliance.library import naming
from appliance.library.phrases import Spoken, capitalized, point_of

__all__ = ["DAEmpty", "DAObject", "Using", "adopt_name", "looking", "make", "only_looking"]

class Using:
    """A class with what its objects are to start with: ``DAList.using(object_type=Individual)``.

    Called like a class: ``using('person')`` makes the object. Plain data, so it can be stored with the answers.
    """

    def __init__(self, object_type: type[DAObject], parameters: dict[str, Any]) -> None:
        self.object_type = object_type
        self.parameters = parameters

    def using(self, **kwargs: Any) -> Using:
        """The same, with more or other parameters."""
        return Using(self.object_type, {**self.parameters, **kwargs})

    def __call__(self, *pargs: Any, **kwargs: Any) -> DAObject:
        parameters = {key: _own_copy(value) for key, value in self.parameters.items()}
        return self.object_type(*pargs, **{**parameters, **kwargs})

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{self.object_type.__name__}.using({inside})"


def _own_copy(value: Any) -> Any:
    """Containers are copied, so that two objects made with the same ``using()`` do not share one."""
    return copy.copy(value) if isinstance(value, list | dict | set) else value


def make(object_type: Any, name: str, /, **kwargs: Any) -> Any:
    """A new object of a class or of what ``using()`` returned.

    :raises TypeError: where `object_type` is neither.
    """
    if isinstance(object_type, Using) or (isinstance(object_type, type) and issubclass(object_type, DAObject)):
        return object_type(name, **kwargs)
    raise TypeError(f"{name} cannot be made: {object_type!r} is not the name of a class of objects.")


def adopt_name(value: Any, name: str) -> None:
    """Let an object that has no name of its own yet be known as `name`, and its parts likewise."""
    if isinstance(value, DAObject):
        value.set_instance_name(name)


class DAObject(Spoken):
    """The base of all objects of an interview.

    :param pargs: the object's name, as a Python expression (``'user'``), and what else ``init`` takes. Without a name
        it is found from the assignment the call stands in, or when the object is put into another one.
    :param kwargs: attributes to start with.
    """

    instanceName: str
    has_nonrandom_instance_name: bool

    def __init__(self, *pargs: Any, **kwargs: Any) -> None:
        name: str | None = str(pargs[0]) if pargs else naming.inferred_name(self)
        object.__setattr__(self, "has_nonrandom_instance_name", name is not None)
        object.__setattr__(self, "instanceName", name if name is not None else naming.random_name())
        self._prepare()
        self.init(*pargs[1:], **kwargs)

    def _prepare(self) -> None:
        """What must be there before ``init``, which authors' classes extend in any order."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Set the attributes the object starts with. Authors' classes extend it and call ``super().init(…)``."""
        for key, value in kwargs.items():
            if isinstance(value, Using):
                self.reInitializeAttribute(key, value)
            else:
                setattr(self, key, value)

    @classmethod
    def using(cls, **kwargs: Any) -> Using:
        """This class with attributes to start with, for ``objects`` blocks and wherever a class is asked for."""
        return Using(cls, kwargs)

    # -- attributes ------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "instanceName" not in self.__dict__:
            raise AttributeError(name)
        if hasattr(type(self), name):
            # A property met something missing, which Python took for the property itself being missing. Running it
            # again raises what it really lacks.
            return object.__getattribute__(self, name)
        raise MissingAttribute(self.attr_name(name))

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, DAObject):
            value.set_instance_name(self.attr_name(name))
        object.__setattr__(self, name, value)

    def attr_name(self, attr: str) -> str:
        """The name of an attribute: ``user.birthdate``."""
        return f"{self.instanceName}.{attr}"

    def attribute_defined(self, name: str) -> bool:
        """Whether the attribute is there, without seeking it."""
        with only_looking():
            try:
                getattr(self, name)
            except (AttributeError, MissingName, NameError):
                return False
        return True

    def attr(self, name: str) -> Any:
        """The attribute, or None where it is not defined; it is not sought."""
        return getattr(self, name) if self.attribute_defined(name) else None

    def delattr(self, *pargs: str) -> None:
        """Forget attributes; those that are not defined are passed over."""
        for name in pargs:
            self.__dict__.pop(name, None)

    def invalidate_attr(self, *pargs: str) -> None:
        """Forget attributes, but show their values as defaults when they are asked for again."""
        from appliance.library.logic import invalidate

        invalidate(*(self.attr_name(name) for name in pargs if name in self.__dict__))

    def getattr_fresh(self, attr: str) -> Any:
        """Compute an attribute again, and return it."""
        from appliance.library.logic import reconsider

        reconsider(self.attr_name(attr))
        return getattr(self, attr)

    def raise_undefined_attribute_error(self, thename: str) -> None:
        """Seek an attribute: for ``@property`` methods that keep a value elsewhere.

        :raises MissingAttribute: always.
        """
        raise MissingAttribute(self.attr_name(thename))

    def initializeAttribute(self, *pargs: Any, **kwargs: Any) -> Any:
        """Make an attribute an object of a class (or of ``using()``) and return it; one that is there stays.

        :param pargs: the attribute's name, then the class.
        """
        if pargs[0] not in self.__dict__:
            return self.reInitializeAttribute(*pargs, **kwargs)
        return self.__dict__[pargs[0]]

    def reInitializeAttribute(self, *pargs: Any, **kwargs: Any) -> Any:
        """Like ``initializeAttribute()``, but one that is there is replaced."""
        name, object_type = pargs[0], pargs[1] if len(pargs) > 1 else DAObject
        made = make(object_type, self.attr_name(name), **kwargs)
        object.__setattr__(self, name, made)
        return made

    initialize_attribute = initializeAttribute
    reinitialize_attribute = reInitializeAttribute

    # -- names -------------------------------------------------------------------------------------------

    def set_instance_name(self, thename: str) -> None:
        """Name the object, unless it has a name already."""
        if not self.has_nonrandom_instance_name:
            self.fix_instance_name(self.instanceName, thename)

    def set_random_instance_name(self) -> None:
        """Let the object take its name from what it is put into next."""
        object.__setattr__(self, "instanceName", naming.random_name())
        object.__setattr__(self, "has_nonrandom_instance_name", False)

    def fix_instance_name(self, old_instance_name: str, new_instance_name: str) -> None:
        """Replace the beginning of the name of this object and of all objects in it."""
        for part in _objects_in(self):
            if naming.within(part.instanceName, old_instance_name):
                fixed = naming.renamed(part.instanceName, old_instance_name, new_instance_name)
                object.__setattr__(part, "instanceName", fixed)
                object.__setattr__(part, "has_nonrandom_instance_name", not fixed.startswith(naming.UNNAMED))

    def _set_instance_name_recursively(self, thename: str) -> None:
        self.fix_instance_name(self.instanceName, thename)

    def copy_shallow(self, thename: str) -> Self:
        """A copy with a name of its own; the objects in it are the same objects."""
        other = copy.copy(self)
        object.__setattr__(other, "instanceName", thename)
        object.__setattr__(other, "has_nonrandom_instance_name", True)
        return other

    def copy_deep(self, thename: str) -> Self:
        """A copy with a name of its own, and copies of all objects in it, named after it."""
        other = copy.deepcopy(self)
        other.fix_instance_name(self.instanceName, thename)
        return other

    # -- in words ------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        """The ``name`` where it has one, else the object's own name in words. Nothing is sought."""
        return str(self.__dict__["name"]) if "name" in self.__dict__ else self.object_name()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.instanceName}>"

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)

    def __lt__(self, other: object) -> bool:
        """Objects sort by what they are called."""
        return str(self) < str(other)

    def object_name(self, **kwargs: Any) -> str:
        """The object's name in words: *front gate in the park* for ``park.front_gate``."""
        return capitalized(naming.spoken_name(self.instanceName), kwargs)

    def object_possessive(self, target: Any, **kwargs: Any) -> str:
        """*the turnip's leaves*, *the latch of the front gate in the park*; *your leaves* of the user."""
        from appliance.library import words

        if point_of(kwargs, self.get_point_of_view()) == "2":
            return self.pronoun_possessive(target, **kwargs)
        if "." in self.instanceName:
            return capitalized(str(words.possessify_long(words.the(self.object_name()), target)), kwargs)
        return capitalized(str(words.possessify(words.the(self.object_name()), target)), kwargs)

    def get_point_of_view(self) -> str:
        """``_point_of_view`` where it is set, ``2`` for the user, else ``3``."""
        return str(self.__dict__.get("_point_of_view") or ("2" if self.is_user() else "3"))

    def is_user(self) -> bool:
        """Whether this is the person ``set_info(user=…)`` named."""
        evaluation = running_evaluation()
        return evaluation is not None and evaluation.internal.get("info", {}).get("user") is self

    # -- as data ---------------------------------------------------------------------------------------------

    def as_serializable(self) -> Any:
        """The object as plain data, as JSON can hold it. Nothing is sought."""
        from appliance.library.plain import plain

        return plain(self)


def _objects_in(start: DAObject) -> list[DAObject]:
    """`start` and all objects reached from it through attributes and containers, each once."""
    found: dict[int, DAObject] = {}
    seen: set[int] = set()
    pending: list[Any] = [start]
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, DAObject):
            found[id(value)] = value
            pending.extend(value.__dict__.values())
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            pending.extend(value)
    return list(found.values())


class DAEmpty:
    """What ``item()`` returns for an item that is not there: whatever is read from it or done with it is empty too.

    :param str: the text it stands for, usually none.
    """

    def __init__(self, *pargs: Any, **kwargs: Any) -> None:
        self.__dict__["str"] = str(kwargs.get("str", ""))

    def __getattr__(self, name: str) -> DAEmpty:
        if name.startswith("__"):
            raise AttributeError(name)
        return DAEmpty()

    def __setattr__(self, name: str, value: Any) -> None:
        """Nothing is kept."""

    def __str__(self) -> str:
        return str(self.__dict__.get("str", ""))

    __repr__ = __str__

    def __call__(self, *pargs: Any, **kwargs: Any) -> DAEmpty:
        return DAEmpty()

    def __getitem__(self, index: object) -> DAEmpty:
        return DAEmpty()

    def __setitem__(self, index: object, value: Any) -> None:
        """Nothing is kept."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __contains__(self, item: object) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DAEmpty) or other == ""

    def __hash__(self) -> int:
        return hash("")

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __format__(self, format_spec: str) -> str:
        return format("", format_spec)

    def _other(self, other: Any) -> Any:
        """Added to or taken from something else, it changes nothing."""
        return other

    __add__: Callable[[DAEmpty, Any], Any] = _other
    __radd__: Callable[[DAEmpty, Any], Any] = _other
    __or__: Callable[[DAEmpty, Any], Any] = _other
    __ror__: Callable[[DAEmpty, Any], Any] = _other
    __rsub__: Callable[[DAEmpty, Any], Any] = _other

    def __mul__(self, other: Any) -> DAEmpty:
        return DAEmpty()

    __rmul__ = __mul__
    __truediv__ = __mul__
    __floordiv__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return -other if isinstance(other, int | float) else DAEmpty()

    def as_dict(self) -> dict[str, Any]:
        return {}

    def to_json(self) -> str:
        return '""'
