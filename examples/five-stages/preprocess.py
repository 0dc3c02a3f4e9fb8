"""Cleans incident reports before they are summarised.

Reads one JSON value on standard input: the list of documents that the retrieval found, or an object
with that list under "documents". Writes one JSON object on standard output: {"documents": [...]},
each with "title", "source" and "text". Python 3, standard library only.
"""

import json
import re
import sys

SIGNATURE = re.compile(r"^--\s*$", re.MULTILINE)
HEADING = re.compile(r"^#+\s.*$", re.MULTILINE)
FIELD = re.compile(r"^(?:From|To|Cc|Date|Subject):.*$", re.MULTILINE)
REPLY_PREFIX = re.compile(r"^(?:(?:re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\b555[- ]\d{4}\b")


def clean_title(title):
    """Without the prefixes of replies, on one line."""
    return " ".join(REPLY_PREFIX.sub("", title).split())


def clean_text(text):
    """The body alone: no mail header, heading or signature, no addresses, one space between words."""
    body = SIGNATURE.split(text, maxsplit=1)[0]
    body = HEADING.sub("", FIELD.sub("", body))
    body = PHONE.sub("[phone]", EMAIL.sub("[e-mail]", body))
    paragraphs = re.split(r"\n\s*\n", body)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def clean_document(document):
    return {
        "title": clean_title(document.get("title") or ""),
        "source": document.get("source"),
        "text": clean_text(document.get("text") or ""),
    }


def main():
    given = json.load(sys.stdin)
    documents = given.get("documents", []) if isinstance(given, dict) else given
    cleaned = [clean_document(document) for document in documents]
    json.dump({"documents": [document for document in cleaned if document["text"]]}, sys.stdout)


if __name__ == "__main__":
    # UTF-8 whatever the locale: a step's environment need not name one.
    sys.stdin.reconfigure(encoding="utf-8")
    main()
