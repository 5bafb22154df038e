"""Training loops that people might bring: a plain one, one in another language, and one that goes wrong in every way."""

from __future__ import annotations

__all__ = ["CENTROIDS", "PERL", "WRONG"]

# Nearest centroids, jittered by the seed: the standard library alone, so that a run costs milliseconds.
CENTROIDS = """
import csv, math, random, sys

train, predict, out, seed = sys.argv[1:5]
rows = list(csv.DictReader(open(train, newline="")))
judged = list(csv.DictReader(open(predict, newline="")))
names = [name for name in judged[0] if name != "id"]
classes = sorted({row["label"] for row in rows})
rng = random.Random(int(seed))
centre = {}
for label in classes:
    own = [row for row in rows if row["label"] == label]
    centre[label] = [sum(float(row[name]) for row in own) / len(own) + rng.gauss(0, 0.05) for name in names]
print(len(rows), "rows", flush=True)
with open(out, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", *classes])
    for row in reversed(judged):  # the order is not ours to keep
        weights = [math.exp(-math.dist([float(row[name]) for name in names], centre[label])) for label in classes]
        writer.writerow([row["id"], *(weight / sum(weights) for weight in weights)])
"""

# The most frequent label of the nearest train row, in a language of its own; it has no seed and writes labels alone.
PERL = r"""
my ($train, $predict, $out) = @ARGV;
open(my $rows, "<", $train); my $head = <$rows>; my @known;
while (<$rows>) { chomp; push @known, [split /,/]; }
open(my $judged, "<", $predict); $head = <$judged>;
open(my $answers, ">", $out); print $answers "id,label\n";
while (<$judged>) {
    chomp; my ($id, @x) = split /,/; my ($best, $label) = (9e9, "");
    for my $row (@known) {
        my $far = 0; $far += ($x[$_] - $row->[$_ + 3]) ** 2 for 0 .. $#x;
        ($best, $label) = ($far, $row->[1]) if $far < $best;
    }
    print $answers "$id,$label\n";
}
"""

# `python wrong.py HOW {train} {predict} {out}`
WRONG = """
import csv, os, signal, subprocess, sys, time

how, train, predict, out = sys.argv[1:5]
ids = [row["id"] for row in csv.DictReader(open(predict, newline=""))]
classes = ["ant", "bee", "cow"]
table = [["id", *classes]] + [[name, "0.5", "0.25", "0.25"] for name in ids]

def wait_for_ever():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(os.getpid(), child.pid, flush=True)
    time.sleep(600)

if how == "fails":
    print("loss is 0.1")
    raise RuntimeError("CUDA out of memory")
elif how == "dies":
    os.kill(os.getpid(), signal.SIGSEGV)
elif how == "hangs":
    wait_for_ever()
elif how == "leaves a child":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(os.getpid(), child.pid, flush=True)
elif how == "writes nothing":
    sys.exit()
elif how == "an empty file":
    table = []
elif how == "half a file":
    table[-1] = table[-1][:2]
elif how == "half a Parquet file":
    open(out, "wb").write(b"PAR1" + bytes(100))
    sys.exit()
elif how == "not UTF-8":
    open(out, "wb").write(b"id,ant\\n\\xff\\xfe,1\\n")
    sys.exit()
elif how == "a folder":
    os.mkdir(out)
    sys.exit()
elif how == "rows missing":
    table = table[:-3]
elif how == "rows too many":
    table.append(["row-999", "1", "0", "0"])
elif how == "a row twice":
    table.append(table[1])
elif how == "no ids":
    table = [row[1:] for row in table]
elif how == "row numbers for ids":
    table = table[:1] + [[str(place), *row[1:]] for place, row in enumerate(table[1:])]
elif how == "a long row":
    table[4] = [*table[4], "0.1"]
elif how == "NaN":
    table[2][1] = "nan"
elif how == "text for a number":
    table[2][1] = "half"
elif how == "logits":
    table[2][1:] = ["2.5", "-1.5", "0"]
elif how == "percentages":
    table[2][1:] = ["50", "25", "25"]
elif how == "no sum of 1":
    table[2][1:] = ["0.5", "0.25", "0.2"]
elif how == "a strange class":
    table[0][1] = "ants"
elif how == "a class lacking":
    table = [row[:3] for row in table]
elif how == "a column twice":
    table[0][1] = "bee"
elif how == "a strange label":
    table = [["id", "label"]] + [[name, "cow" if place else "cows"] for place, name in enumerate(ids)]
elif how == "an empty label":
    table = [["id", "label"]] + [[name, ""] for name in ids]
elif how == "ids alone":
    table = [row[:1] for row in table]
with open(out, "w", newline="") as file:
    csv.writer(file, lineterminator="\\n").writerows(table)
"""
