"""The python3 workload: JSON, text and objects, much of it too large for Python's own small-block allocator."""
import json
import re

record = {"name": "widget", "tags": ["a", "b", "c"], "size": [1, 2, 3], "note": "text " * 120}
total = 0
for turn in range(24):
    rows = [dict(record, id=i, note=record["note"] + str(i)) for i in range(8000)]
    text = json.dumps(rows)
    back = json.loads(text)
    words = re.findall(r"text (\d+)", text)
    by_note = {row["note"]: bytearray(600 + row["id"] % 700) for row in back}
    total += sum(len(value) for value in by_note.values()) + len(words) + turn
print(total)
