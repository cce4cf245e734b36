"""What the page is made of: elements with their texts escaped, and numbers as short texts."""

import math
import xml.etree.ElementTree as ET

from .report_tables import clean

#: Colours of backends in the style sheet.
_HUES = 8


def e(tag, *children, **attributes):
    """An element. Children: elements, texts, numbers, lists of them, None; attributes: `class_` for class, None for none."""
    element = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            element.set(name.rstrip("_").replace("_", "-"), clean(value))
    _put(element, children)
    return element


def _put(element, children):
    for child in children:
        if isinstance(child, (list, tuple)):
            _put(element, child)
        elif isinstance(child, ET.Element):
            element.append(child)
        elif child is not None:
            text = clean(child)
            if len(element):
                element[-1].tail = (element[-1].tail or "") + text
            else:
                element.text = (element.text or "") + text


def short(number, digits=0):
    """An error as short text: 3e-16, 0, nan, a dash for None."""
    if number is None:
        return "–"
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else str(number)
    mantissa, exponent = f"{number:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def hue(order, backend):
    """The number of a backend's colour in the style sheet. `order`: the backends of the run."""
    return order.index(backend) % _HUES


def key(order):
    """The colours of the backends."""
    return e("p", [e("span", e("i", class_=f"k{hue(order, b)}"), b) for b in order], class_="key")


def scroll(*content):
    """What is too wide scrolls by itself instead of with the page."""
    return e("div", content, class_="scroll")
