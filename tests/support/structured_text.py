"""Structured Text (IEC 61131-3, third edition, section 7.3) made into Python: the subset of the PLC engineer's guide.

Structures, arrays, constants, functions with VAR_INPUT, VAR_IN_OUT and VAR; assignment, calls with named parameters,
IF, FOR, RETURN; BOOL, WORD, INT, UINT, DINT, UDINT. It is stricter than any compiler, so that what passes here means
the same on every PLC: no type is converted silently, a result outside its type is an error and never wraps, AND and
OR evaluate both sides, an index outside its array is an error, and so is a local that is read before it is written.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from tests.support.structured_text_language import (
    ARITHMETIC,
    COMPARISON,
    LEVELS,
    LITERAL,
    LOGIC,
    RANGES,
    RUNTIME,
    Array,
    Program,
    Signature,
    Structure,
    StructuredTextError,
    Type,
    number,
    tokens,
)


def compiled(text: str, externals: Mapping[str, tuple[Signature, Callable[..., Any]]] | None = None) -> Program:
    """Translate a text; ``externals`` are functions that it calls and does not declare.

    Raises:
        StructuredTextError: with the line at fault.

    """
    translator = _Translator(text)
    given = {name.lower(): each for name, each in (externals or {}).items()}
    translator.program.signatures.update({name: signature for name, (signature, _) in given.items()})
    source = translator.translate()
    scope: dict[str, Any] = {**RUNTIME, **{f"f_{name}": function for name, (_, function) in given.items()}}
    exec(compile(source, "<structured text>", "exec"), scope)
    declared = translator.program.signatures.keys()
    translator.program.functions = {name: scope[f"f_{name}"] for name in declared}
    return translator.program


class _Translator:
    """One pass over the text: everything is declared before it is used, as the guide has it."""

    def __init__(self, text: str) -> None:
        self.program = Program()
        self._tokens = list(tokens(text))
        self._at = 0
        self._lines: list[str] = []
        self._locals: dict[str, Type] = {}
        self._inputs: set[str] = set()
        self._in_outs: set[str] = set()
        self._loops: list[str] = []
        self._result = "None"

    def translate(self) -> str:
        while self._peek() != "":
            match self._next():
                case "TYPE":
                    self._type()
                case "VAR_GLOBAL":
                    self._constants()
                case "FUNCTION":
                    self._function()
                case other:
                    self._fail(f"{other} begins no declaration")
        return "\n".join(self._lines)

    # Declarations

    def _type(self) -> None:
        name = self._name()
        self._expect(":", "STRUCT")
        fields = self._variables("END_STRUCT")
        self._expect("END_TYPE")
        self.program.types[name] = Structure(name, fields)

    def _constants(self) -> None:
        self._expect("CONSTANT")
        for name, (kind, value) in self._variables("END_VAR").items():
            if not isinstance(kind, str):
                self._fail(f"{name} is no number")
            self.program.constants[name] = (kind, value)

    def _function(self) -> None:
        name, signature = self._name(), Signature()
        if self._peek() == ":":
            self._next()
            signature.returns = self._kind()
        inner: dict[str, Type] = {}
        while self._peek() in ("VAR_INPUT", "VAR_IN_OUT", "VAR"):
            section = self._next()
            kinds = {each: kind for each, (kind, _) in self._variables("END_VAR").items()}
            {"VAR_INPUT": signature.inputs, "VAR_IN_OUT": signature.in_outs, "VAR": inner}[section].update(kinds)
        if any(isinstance(kind, str) for kind in signature.in_outs.values()):
            self._fail("a number cannot be VAR_IN_OUT here")
        self._locals = {**signature.inputs, **signature.in_outs, **inner}
        self._inputs, self._in_outs = set(signature.inputs), set(signature.in_outs)
        if signature.returns is not None:
            self._locals[name] = signature.returns
        self._result = f"v_{name}" if signature.returns is not None else "None"
        self.program.signatures[name] = signature
        parameters = ", ".join(f"v_{each}" for each in (*signature.inputs, *signature.in_outs))
        self._lines.append(f"def f_{name}({parameters}):")
        self._block(1, "END_FUNCTION")
        self._next()
        self._lines.append(f"    return {self._result}")

    def _variables(self, end: str) -> dict[str, tuple[Type, int]]:
        found: dict[str, tuple[Type, int]] = {}
        while self._peek() != end:
            names = [self._name()]
            while self._peek() == ",":
                self._next()
                names.append(self._name())
            self._expect(":")
            kind, value = self._kind(), 0
            if self._peek() == ":=":
                self._next()
                value = self._constant()
                if not isinstance(kind, str):
                    self._fail("only numbers have initial values here")
                self._check_literal(value, kind)
            self._expect(";")
            found.update(dict.fromkeys(names, (kind, value)))
        self._next()
        if self._peek() == ";":
            self._next()
        return found

    def _kind(self) -> Type:
        word = self._next()
        if word == "ARRAY":
            self._expect("[")
            low = self._constant()
            self._expect("..")
            high = self._constant()
            self._expect("]", "OF")
            return Array(low, high, self._kind())
        return word if word in RANGES else self.program.types.get(word.lower()) or self._fail(f"no type {word}")

    def _constant(self) -> int:
        sign = 1
        if self._peek() == "-":
            self._next()
            sign = -1
        word = self._next()
        if word[0].isdigit():
            return sign * number(word)
        if word in ("TRUE", "FALSE"):
            return int(word == "TRUE")
        return sign * self.program.constants[word.lower()][1]

    # Statements

    def _block(self, depth: int, *ends: str) -> None:
        before = len(self._lines)
        while self._peek() not in ends:
            self._statement(depth)
        if len(self._lines) == before:
            self._fail("an empty block")

    def _statement(self, depth: int) -> None:
        match self._peek():
            case "IF":
                self._if(depth)
            case "FOR":
                self._for(depth)
            case "RETURN":
                self._next()
                self._emit(depth, f"return {self._result}")
            case _:
                self._assign_or_call(depth)
        self._expect(";")

    def _if(self, depth: int) -> None:
        word = "if"
        while self._next() in ("IF", "ELSIF"):
            self._emit(depth, f"{word} {self._of_kind('BOOL')}:")
            self._expect("THEN")
            self._block(depth + 1, "ELSIF", "ELSE", "END_IF")
            word = "elif"
            if self._peek() == "ELSE":
                self._next()
                self._emit(depth, "else:")
                self._block(depth + 1, "END_IF")

    def _for(self, depth: int) -> None:
        self._next()
        name = self._name()
        kind = self._locals.get(name)
        if kind != "INT" or name in self._loops:
            self._fail(f"{name} is no free INT to count with")
        self._expect(":=")
        start = self._of_kind("INT")
        self._expect("TO")
        stop, step = self._of_kind("INT"), 1
        if self._peek() == "BY":
            self._next()
            step = self._constant()
        self._expect("DO")
        self._emit(depth, f"for v_{name} in range({start}, {stop} + {1 if step > 0 else -1}, {step}):")
        self._loops.append(name)
        self._block(depth + 1, "END_FOR")
        self._loops.pop()
        self._next()

    def _assign_or_call(self, depth: int) -> None:
        name = self._name()
        if self._peek() == "(":
            code, _ = self._call(name)
            self._emit(depth, code)
            return
        if name in self._inputs or name in self._loops:
            self._fail(f"{name} must not be assigned")
        target, kind = self._path(name)
        self._expect(":=")
        value = self._of_kind(kind)
        if isinstance(kind, str):
            self._emit(depth, f"{target} = {value}")
        elif name in self._in_outs and target == f"v_{name}":
            self._emit(depth, f"overwrite({target}, copied({value}))")
        else:
            self._emit(depth, f"{target} = copied({value})")

    # Expressions: each is its Python text and its type

    def _of_kind(self, kind: Type) -> str:
        code, found = self._expression()
        if found == LITERAL and isinstance(kind, str) and kind != "BOOL":
            self._check_literal(int(code), kind)
        elif found != kind:
            self._fail(f"{found} where {kind} is due")
        return code

    def _expression(self, level: int = 0) -> tuple[str, Type]:
        if level == len(LEVELS):
            return self._unary()
        left = self._expression(level + 1)
        while self._peek() in LEVELS[level]:
            left = self._binary(left, self._next(), self._expression(level + 1))
        return left

    def _binary(self, left: tuple[str, Type], sign: str, right: tuple[str, Type]) -> tuple[str, Type]:
        (a, one), (b, other) = left, right
        kind = other if one == LITERAL else one
        if not isinstance(kind, str) or (LITERAL not in (one, other) and one != other):
            self._fail(f"{one} {sign} {other}")
        for code, each in (left, right):
            if each == LITERAL and kind != LITERAL:
                self._check_literal(int(code), kind)
        if sign in LOGIC:
            if kind not in ("BOOL", "WORD"):
                self._fail(f"{sign} of {kind}")
            return f"({a} {LOGIC[sign]} {b})", kind
        if sign in COMPARISON:
            return f"({a} {COMPARISON[sign]} {b})", "BOOL"
        if kind in ("BOOL", "WORD", LITERAL):
            self._fail(f"{sign} of {kind}")
        return f"to_{kind}({a} {ARITHMETIC[sign]} {b})", kind

    def _unary(self) -> tuple[str, Type]:
        word = self._next()
        if word == "NOT":
            code, kind = self._unary()
            if kind != "BOOL":
                self._fail(f"NOT of {kind}")
            return f"(not {code})", "BOOL"
        if word == "-":
            return f"-{number(self._next())}", LITERAL
        if word == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if word[0].isdigit():
            return str(number(word)), LITERAL
        if word in ("TRUE", "FALSE"):
            return word.capitalize(), "BOOL"
        return self._call(word.lower()) if self._peek() == "(" else self._variable(word.lower())

    def _variable(self, name: str) -> tuple[str, Type]:
        if self._result == f"v_{name}":
            self._fail(f"{name} is read before it is returned: not every compiler lets it")
        return self._path(name)

    def _call(self, name: str) -> tuple[str, Type]:
        conversion = re.fullmatch(r"([a-z]+)_to_([a-z]+)", name)
        if conversion and {each.upper() for each in conversion.groups()} <= RANGES.keys():
            source, target = (each.upper() for each in conversion.groups())
            self._expect("(")
            code = self._of_kind(source)
            self._expect(")")
            return f"to_{target}({code})", target
        signature = self.program.signatures.get(name) or self._fail(f"no function {name}")
        due, given = {**signature.inputs, **signature.in_outs}, {}
        self._expect("(")
        while self._peek() != ")":
            parameter = self._name()
            self._expect(":=")
            if parameter not in due or parameter in given:
                self._fail(f"{name} has no parameter {parameter} left")
            given[parameter] = self._of_kind(due[parameter])
            if self._peek() == ",":
                self._next()
        self._next()
        if given.keys() != due.keys():
            self._fail(f"{name} lacks {sorted(due.keys() - given.keys())}")
        values = ", ".join(f"v_{each}={code}" for each, code in given.items())
        return f"f_{name}({values})", signature.returns or ""

    def _path(self, name: str) -> tuple[str, Type]:
        if name in self.program.constants:
            constant, value = self.program.constants[name]
            return str(value), constant
        found: Type = self._locals.get(name) or self._fail(f"no variable {name}")
        code = f"v_{name}"
        while self._peek() in (".", "["):
            if self._next() == ".":
                member = self._name()
                if not isinstance(found, Structure) or member not in found.fields:
                    self._fail(f"no field {member}")
                code, found = f"{code}[{member!r}]", found.fields[member][0]
            elif isinstance(found, Array):
                index, kind = self._expression()
                if kind not in (LITERAL, "INT"):
                    self._fail(f"an index of type {kind}")
                self._expect("]")
                if kind == LITERAL and not found.low <= int(index) <= found.high:
                    self._fail(f"{index} is not in {found.low}..{found.high}")
                place = int(index) - found.low if kind == LITERAL else f"within({index}, {found.low}, {found.high})"
                code, found = f"{code}[{place}]", found.of
            else:
                self._fail(f"{name} is no array")
        return code, found

    # Tokens

    def _check_literal(self, value: int, kind: str) -> None:
        low, high = RANGES[kind]
        if not low <= value <= high:
            self._fail(f"{value} is no {kind}")

    def _emit(self, depth: int, code: str) -> None:
        self._lines.append("    " * depth + code)

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise StructuredTextError("the text ends too early")
        self._at += 1
        return word

    def _name(self) -> str:
        word = self._next()
        if not (word[0].isalpha() or word[0] == "_"):
            self._fail(f"{word} is no name")
        return word.lower()

    def _expect(self, *words: str) -> None:
        for word in words:
            found = self._next()
            if found != word:
                self._fail(f"{found} where {word} is due")

    def _fail(self, why: str) -> NoReturn:
        line = self._tokens[min(self._at, len(self._tokens)) - 1][1]
        raise StructuredTextError(f"line {line}: {why}")
