# Says what Python's json makes of each line of standard input: the value, or "!" and why not.
import json
import sys

for line in sys.stdin.buffer.read().split(b"\n")[:-1]:
    try:
        print(json.dumps(json.loads(line)))
    except ValueError as error:
        print("!" + str(error).replace("\n", " "))
