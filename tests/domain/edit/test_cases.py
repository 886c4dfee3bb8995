"""The nastiest files known, by the numbers of the list that they were collected under."""

import pytest

from bot.domain.edit import DROP, EditCode, EditError, Left, left_behind, read_tag, set_tag
from bot.domain.locations import Container, Containers, Key, Kustomize

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
TAG, X_TAG, R_A, APP = Key("tag"), Key("x.tag"), Container("r/a"), Kustomize("a")
LIST = "images:\n- name: b\n  newTag: v1\n"
CRON = """\
kind: List
items:
- kind: CronJob
  spec:
    jobTemplate:
      spec:
        template:
          spec:
            initContainers:
            - image: r/a:v1
            containers:
            - {name: main, image: "r/a:v1"}
"""
ARGO = """\
kind: Application
spec:
  source:
    kustomize:
      images:
      - "a=reg:5000/r/a:v1"   # renamed
      - r/b:v1
    helm:
      parameters:
      - name: image.tag
        value: v1
"""
SET = """\
kind: ApplicationSet
spec:
  goTemplate: true
  template:
    metadata: {name: '{{.env}}-app'}
    spec:
      source:
        helm:
          valuesObject:
            image: {repository: 'r/{{.env}}', tag: v1}
"""
VALUES = """\
spec:
  source:
    helm:
      values: |+
        env: {{ .env }}

        image:
          repository: r/a   # two
          tag: v1  # here

        last: 1

  project: default
""".replace("\n", "\r\n")


def called(at, text):
    """Return the name of a file that has such a place."""
    if isinstance(at, Kustomize):
        return "kustomization.yaml"
    return "values.yaml.gotmpl" if text.startswith("{{") else "values.yaml"


@pytest.mark.parametrize(
    ("at", "tag", "before", "after"),
    [
        pytest.param(TAG, "v2", "tag: v1   # c  \n", "tag: v2   # c  \n", id="1 comment, spaces"),
        pytest.param(
            APP,
            "v2",
            "images:\r\n- name: a\r\nz: 1\r\n",
            "images:\r\n- name: a\r\n  newTag: v2\r\nz: 1\r\n",
            id="2 CRLF line added",
        ),
        pytest.param(
            TAG, "v2", "\ufeff# 漢\nx: 🎉\ntag: v1\n", "\ufeff# 漢\nx: 🎉\ntag: v2\n", id="3 BOM"
        ),
        pytest.param(TAG, "v2", "a: 1\ntag: v1", "a: 1\ntag: v2", id="4 no final newline"),
        pytest.param(
            APP, "v2", "images:\n- name: a", "images:\n- name: a\n  newTag: v2", id="4 line added"
        ),
        pytest.param(TAG, "v2", "a: 1\t\ntag:\t  v1\n", "a: 1\t\ntag:\t  v2\n", id="5 tabs"),
        pytest.param(TAG, "1.10", "tag: 1.10\n", 'tag: "1.10"\n', id="7 same number gets quotes"),
        pytest.param(TAG, "1e10", "tag: 'v1'\n", "tag: '1e10'\n", id="8 quotes stay"),
        pytest.param(
            Key("image"), "0123456", "image: r/a:v1\n", "image: r/a:0123456\n", id="9 reference"
        ),
        pytest.param(TAG, "v2", "tag:\n", "tag: v2\n", id="10 empty"),
        pytest.param(TAG, "v2", "tag: # c\n", "tag: v2 # c\n", id="10 empty, comment"),
        pytest.param(X_TAG, "v2", "x: {tag: }\n", "x: {tag: v2}\n", id="10 empty in braces"),
        pytest.param(
            X_TAG, "v2", "x: {tag:\n }\n", "x: {tag: v2\n }\n", id="10 empty, brace below"
        ),
        pytest.param(X_TAG, "v2", "x: {tag}\n", "x: {tag: v2}\n", id="10 key alone in braces"),
        pytest.param(TAG, "v2", "tag: &a\n", "tag: &a v2\n", id="10 empty with anchor"),
        pytest.param(TAG, "v2", 'tag: ""\n', 'tag: "v2"\n', id="11 empty string"),
        pytest.param(TAG, "v2", "tag: ~ # n\n", "tag: v2 # n\n", id="11 null"),
        pytest.param(TAG, "v2", "tag: &t v1\n", "tag: &t v2\n", id="13 unused anchor"),
        pytest.param(
            TAG, "v2", "tag: !!str &t v1\n", "tag: !!str &t v2\n", id="14 properties stay"
        ),
        pytest.param(TAG, "123", "tag: !!str v1\n", "tag: !!str 123\n", id="14 declared a string"),
        pytest.param(
            X_TAG,
            "v2",
            "b: &b {tag: v1}\nx:\n  <<: *b\n  tag: v3\n",
            "b: &b {tag: v1}\nx:\n  <<: *b\n  tag: v2\n",
            id="15 own key beside <<",
        ),
        pytest.param(
            TAG,
            "v2",
            "a: &x 1\nb: &x 2\nc: *x\ntag: v1\n",
            "a: &x 1\nb: &x 2\nc: *x\ntag: v2\n",
            id="18 anchor defined twice",
        ),
        pytest.param(
            TAG,
            "v2",
            "# tag: v1\nt: |\n  tag: v1\ntag: v1\n",
            "# tag: v1\nt: |\n  tag: v1\ntag: v2\n",
            id="19 look-alikes",
        ),
        pytest.param(
            R_A,
            "v2",
            "c: [{args: [--url=http://x], image: r/a:v1}]\n",
            "c: [{args: [--url=http://x], image: r/a:v2}]\n",
            id="colons within braces",
        ),
        pytest.param(TAG, "v2", "tag:\n  # c\n  v1\n", "tag:\n  # c\n  v2\n", id="22 next line"),
        pytest.param(X_TAG, "v2", '{"x": {"tag": "v1"}}\n', '{"x": {"tag": "v2"}}\n', id="23 JSON"),
        pytest.param(
            X_TAG, "v2", '{"x": {"tag": null}}\n', '{"x": {"tag": "v2"}}\n', id="23 JSON null"
        ),
        pytest.param(
            Key('"a.b"'), "v2", '"a.b": x\na: {b: y}\n', '"a.b": v2\na: {b: y}\n', id="24 quoted"
        ),
        pytest.param(
            Key("a.b"), "v2", '"a.b": x\na: {b: y}\n', '"a.b": x\na: {b: v2}\n', id="24 nested"
        ),
        pytest.param(
            Key("[kind=B][metadata.name=q].tag"),
            "v2",
            "kind: A\ntag: x\n---\nkind: B\nmetadata: {name: q}\ntag: y\n",
            "kind: A\ntag: x\n---\nkind: B\nmetadata: {name: q}\ntag: v2\n",
            id="25 document chosen",
        ),
        pytest.param(
            Key("s[].tag"), "v2", "s:\n- tag: x\n- n: y\n", "s:\n- tag: v2\n- n: y\n", id="26 one"
        ),
        pytest.param(
            X_TAG,
            "v2",
            "x:\n{{- range .a }}\n  {{ . }}: 1\n{{- end }}\n  tag: v1\n",
            "x:\n{{- range .a }}\n  {{ . }}: 1\n{{- end }}\n  tag: v2\n",
            id="27 beside an action",
        ),
        pytest.param(
            TAG,
            "v2",
            "s: |\n  a\n{{- if .x }}\n  b\n{{- end }}\ntag: v1\n",
            "s: |\n  a\n{{- if .x }}\n  b\n{{- end }}\ntag: v2\n",
            id="27 action within a block scalar",
        ),
        pytest.param(
            Key("image"),
            "v2",
            'image: "{{ .r }}/a:v1"\n',
            'image: "{{ .r }}/a:v2"\n',
            id="28 only the repository is templated",
        ),
        pytest.param(
            TAG,
            "v2",
            '{{/* b: }} */}}\nq: {{ "}}" }}\nr: {{ `\n` }}\ntag: v1\n',
            '{{/* b: }} */}}\nq: {{ "}}" }}\nr: {{ `\n` }}\ntag: v2\n',
            id="30 strings and comments in actions",
        ),
        pytest.param(
            Container("reg:5000/app"),
            "v2",
            "image: reg:5000/app\n",
            "image: reg:5000/app:v2\n",
            id="32 no tag yet",
        ),
        pytest.param(
            Container("docker.io/library/nginx"),
            "v2",
            "image: nginx:v1 # hub\n",
            "image: nginx:v2 # hub\n",
            id="32 Docker Hub's short name",
        ),
        pytest.param(
            APP,
            "v2",
            "images:\n-\n    name: b\n    newTag: v1\n",
            "images:\n-\n    name: b\n    newTag: v1\n-\n    name: a\n    newTag: v2\n",
            id="35 dash on its own line",
        ),
        pytest.param(
            APP,
            "v2",
            "images:\n- newTag: v1\n  name: a\n",
            "images:\n- newTag: v2\n  name: a\n",
            id="35 newTag first",
        ),
        pytest.param(
            APP,
            "v2",
            "images: []  # none\n",
            "images:  # none\n- name: a\n  newTag: v2\n",
            id="36 empty list",
        ),
        pytest.param(
            APP,
            "1.10",
            "r:\n  - x\nimages: ~\n",
            'r:\n  - x\nimages:\n  - name: a\n    newTag: "1.10"\n',
            id="36 null, dash as in other lists",
        ),
        pytest.param(
            APP,
            "v2",
            "r: x\n# end\n...\n",
            "r: x\n# end\nimages:\n- name: a\n  newTag: v2\n...\n",
            id="36 absent",
        ),
        pytest.param(
            APP, "v2", LIST + "# end", LIST + "- name: a\n  newTag: v2\n# end", id="36 appended"
        ),
        pytest.param(
            APP,
            "v2",
            "images:\n  -   name: b # c\n",
            "images:\n  -   name: b # c\n  -   name: a\n      newTag: v2\n",
            id="36 wide dash",
        ),
        pytest.param(
            APP,
            "v2",
            "images: [{ name: b }]\n",
            "images: [{ name: b }, { name: a, newTag: v2 }]\n",
            id="36 flow",
        ),
        pytest.param(
            APP,
            "v2",
            '{"images": [{"name": "b"}]}\n',
            '{"images": [{"name": "b"}, {"name": "a", "newTag": "v2"}]}\n',
            id="36 JSON",
        ),
        pytest.param(
            APP,
            "v2",
            '{\n  "images": [\n    {\n      "name": "b"\n    }\n  ]\n}\n',
            '{\n  "images": [\n    {\n      "name": "b"\n    },\n    {\n      "name": "a",\n'
            '      "newTag": "v2"\n    }\n  ]\n}\n',
            id="36 JSON over lines",
        ),
        pytest.param(
            APP,
            "v2",
            '{"x": 1}',
            '{"x": 1, "images": [{"name": "a", "newTag": "v2"}]}',
            id="36 key",
        ),
        pytest.param(
            Kustomize("new"),
            "v2",
            "images:\n- name: a\n  newName: new # c\n",
            "images:\n- name: a\n  newName: new # c\n  newTag: v2\n",
            id="by newName",
        ),
        pytest.param(
            Container("reg:5000/r/a"),
            "v2",
            ARGO,
            ARGO.replace("a:v1", "a:v2"),
            id="38 Argo kustomize image",
        ),
        pytest.param(
            Key("spec.source.helm.parameters[name=image.tag].value"),
            "12345678",
            ARGO,
            ARGO.replace("value: v1", 'value: "12345678"'),
            id="38 Helm parameter",
        ),
        pytest.param(
            Key("spec.template.spec.source.helm.valuesObject.image"),
            "v2",
            SET,
            SET.replace("v1", "v2"),
            id="38 valuesObject",
        ),
        pytest.param(
            Key("spec.source.helm.values.image"),
            "v2",
            VALUES,
            VALUES.replace("v1", "v2"),
            id="39 values within a block scalar",
        ),
        pytest.param(
            TAG,
            "v2",
            "a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\ntag: v1\n",
            "a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\ntag: v2\n",
            id="40 laughs elsewhere",
        ),
    ],
)
def test_only_the_tag_changes(at, tag, before, after):
    file = called(at, before)
    edited = set_tag(before.encode(), file, at, tag)

    assert after.encode() == edited.text
    assert tag == read_tag(edited.text, file, at)


@pytest.mark.parametrize(
    ("at", "text", "code", "line"),
    [
        pytest.param(Key("b"), "a: &t v1\nb: *t\n", EditCode.ALIASED, 2, id="12 alias"),
        pytest.param(Key("a"), "a: &t v1\nb: *t\n", EditCode.ALIASED, 1, id="13 used elsewhere"),
        pytest.param(
            X_TAG, "b: &b {tag: v1}\nx:\n  <<: *b\n", EditCode.MERGED, 1, id="15 from a merge"
        ),
        pytest.param(
            X_TAG, "b: &b {tag: v1}\nx:\n  <<: [*b]\n", EditCode.MERGED, 1, id="15 merged list"
        ),
        pytest.param(
            X_TAG, "x: &b {tag: v1}\ny:\n  <<: *b\n", EditCode.ALIASED, 1, id="16 merged elsewhere"
        ),
        pytest.param(TAG, "tag: v1\nx: 1\ntag: v1\n", EditCode.DUPLICATE_KEY, 3, id="17 twice"),
        pytest.param(TAG, "tag: |-\n  v1\n", EditCode.UNSUPPORTED_STYLE, 1, id="20 block"),
        pytest.param(TAG, "tag: v1\n  more\n", EditCode.UNSUPPORTED_STYLE, 1, id="20 over lines"),
        pytest.param(Key("x"), "x:\n  tag: v1\n", EditCode.WRONG_TYPE, 2, id="21 mapping"),
        pytest.param(X_TAG, "x: 1\n", EditCode.WRONG_TYPE, 1, id="21 through a scalar"),
        pytest.param(TAG, "tag: !!int 5\n", EditCode.WRONG_TYPE, 1, id="21 declared a number"),
        pytest.param(TAG, "tag: x\n---\ntag: y\n", EditCode.AMBIGUOUS, 1, id="25 two documents"),
        pytest.param(Key("s[].t"), "s:\n- t: x\n- t: y\n", EditCode.AMBIGUOUS, 2, id="26 two hits"),
        pytest.param(TAG, "tag: {{ .x }}\n", EditCode.TEMPLATED, 1, id="28 action"),
        pytest.param(TAG, 'tag: "{{ .x }}"\n', EditCode.TEMPLATED, 1, id="28 quoted action"),
        pytest.param(TAG, "tag: ${TAG}\n", EditCode.TEMPLATED, 1, id="28 variable"),
        pytest.param(TAG, "tag: v$(X)\n", EditCode.TEMPLATED, 1, id="28 variable in a part"),
        pytest.param(R_A, 'image: "r/a:${T}"\n', EditCode.TEMPLATED, 1, id="28 reference"),
        pytest.param(
            TAG,
            "{{ if .x }}\ntag: v1\n{{ else }}\ntag: v2\n{{ end }}\n",
            EditCode.DUPLICATE_KEY,
            4,
            id="29 both branches",
        ),
        pytest.param(TAG, "{{ a\ntag: v1\n", EditCode.UNPARSABLE, 1, id="30 action without end"),
        pytest.param(TAG, "a:\n\tb: 1\ntag: v1\n", EditCode.UNPARSABLE, 2, id="31 tab"),
        pytest.param(TAG, "a: 1\nb: [1\n", EditCode.UNPARSABLE, 3, id="31 open bracket"),
        pytest.param(TAG, "tag: v1\na: *none\n", EditCode.UNPARSABLE, 2, id="31 unknown alias"),
        pytest.param(R_A, "image: r/a-x:v1\n", EditCode.NOT_FOUND, None, id="32 longer name"),
        pytest.param(R_A, f"image: r/a:v1@{A}\n", EditCode.DIGEST_PINNED, 1, id="33 digest"),
        pytest.param(
            APP, f"images:\n- name: a\n  digest: {A}\n", EditCode.DIGEST_PINNED, 3, id="33 entry"
        ),
        pytest.param(
            X_TAG, f"x:\n  tag: v1\n  digest: {A}\n", EditCode.DIGEST_PINNED, 3, id="33 beside"
        ),
        pytest.param(R_A, CRON, EditCode.AMBIGUOUS, 10, id="34 init and main container"),
        pytest.param(
            APP, "images:\n- name: a\n- name: a\n", EditCode.AMBIGUOUS, 2, id="37 two entries"
        ),
        pytest.param(
            APP, "images:\n- name: a\n  name: a\n", EditCode.DUPLICATE_KEY, 3, id="37 name twice"
        ),
        pytest.param(
            APP, "i: &i [{name: a}]\nimages: *i\n", EditCode.ALIASED, 2, id="37 aliased list"
        ),
        pytest.param(APP, "kind: Deployment\n", EditCode.WRONG_TYPE, None, id="no kustomization"),
        pytest.param(APP, "images: x\n", EditCode.WRONG_TYPE, 1, id="images is a word"),
        pytest.param(TAG, "tog: v1\n", EditCode.NOT_FOUND, 1, id="no such key"),
        pytest.param(TAG, "", EditCode.NOT_FOUND, None, id="empty file"),
        pytest.param(Key("a["), "a: 1\n", EditCode.BAD_VALUE, None, id="malformed path"),
        pytest.param(Key("image"), "image: nginx\n", EditCode.AMBIGUOUS, 1, id="name or tag"),
        pytest.param(Key("image"), "image:\n", EditCode.WRONG_TYPE, 1, id="image is empty"),
        pytest.param(
            Key("image"), "image: ${I}\n", EditCode.TEMPLATED, 1, id="image is a variable"
        ),
        pytest.param(Key("image"), "image: {{ .i }}\n", EditCode.TEMPLATED, 1, id="image from .i"),
        pytest.param(TAG, "[" * 1_000_000, EditCode.UNPARSABLE, 1, id="40 deep"),
    ],
)
def test_what_is_unsafe_is_refused_with_its_line(at, text, code, line):
    file = called(at, text)

    with pytest.raises(EditError) as caught:
        set_tag(text.encode(), file, at, "v2")

    assert (code, line) == (caught.value.code, caught.value.line)
    assert caught.value.hint
    assert caught.value.hint in str(caught.value)


@pytest.mark.parametrize("file", ["values.yaml", "a/kustomization.yaml.bak", "kustomize.yaml"])
def test_no_other_file_is_given_a_list_of_images(file):
    with pytest.raises(EditError, match="the file is no kustomization") as caught:
        set_tag(b"image: {tag: v1}\n", file, APP, "v2")

    assert EditCode.WRONG_TYPE is caught.value.code


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("a/b/kustomization.yml", "resources: []\n", id="by its name"),
        pytest.param("Kustomization", "resources: []\n", id="by its third name"),
        pytest.param("part.yaml", "kind: Component\n", id="by its kind"),
        pytest.param("part.yaml", "images: []\n", id="by its images"),
        pytest.param("-", "resources: []\n", id="from standard input"),
    ],
)
def test_a_kustomization_is_known(file, text):
    edited = set_tag(text.encode(), file, APP, "v2")

    assert b"- name: a\n  newTag: v2\n" in edited.text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("tag: v1\n".encode("utf-16"), id="31 UTF-16"),
        pytest.param("tag: v1\n".encode("utf-16-le"), id="31 UTF-16 without mark"),
        pytest.param(b"a: 1\ntag: \xff\n", id="31 bad UTF-8"),
        pytest.param(b"tag: \x00\n", id="31 control character"),
    ],
)
def test_what_is_no_utf8_is_unparsable(content):
    with pytest.raises(EditError) as caught:
        set_tag(content, "values.yaml", TAG, "v2")

    assert caught.value.code is EditCode.UNPARSABLE


@pytest.mark.parametrize("tag", ["v2\nevil: 1", "", "-x", "a b", "x" * 129, "ü", "v1\n", "a:b"])
def test_what_is_no_tag_is_a_bad_value(tag):
    with pytest.raises(EditError) as caught:
        set_tag(b"tag: v1\n", "values.yaml", TAG, tag)

    assert caught.value.code is EditCode.BAD_VALUE


def test_every_edits_all_containers_of_an_image():
    edited = set_tag(CRON.encode(), "cron.yaml", R_A, "v2", every=True)

    assert CRON.replace("v1", "v2").encode() == edited.text
    assert (10, 12) == edited.lines


POD = """\
kind: Deployment
spec:
  template:
    spec:
      initContainers:
      - name: migrate
        image: r/a:v1
      containers:
      - name: web
        image: r/a:v1   # the bot's
      - name: sidecar
        image: r/b:v7
"""
WEB = Key("spec.template.spec.containers[name=web].image")


def test_containers_move_with_one_tag():
    edited = set_tag(POD.encode(), "web.yaml", Containers("r/a"), "v2")

    assert POD.replace("v1", "v2").encode() == edited.text
    assert ("v2", "v1") == (
        read_tag(edited.text, "web.yaml", Containers("r/a")),
        read_tag(POD.encode(), "web.yaml", Containers("r/a")),
    )


def test_containers_with_several_tags_are_refused():
    text = POD.replace("v1", "v0", 1).encode()
    with pytest.raises(EditError, match=r"several tags\. Give them one tag by hand") as caught:
        read_tag(text, "web.yaml", Containers("r/a"))

    assert EditCode.AMBIGUOUS is caught.value.code


def test_one_container_of_several_says_how_all_are_named():
    with pytest.raises(EditError, match="or write `containers: r/a` to move all with one tag"):
        read_tag(POD.encode(), "web.yaml", Container("r/a"))


@pytest.mark.parametrize(
    ("at", "text", "expected"),
    [
        pytest.param(
            WEB,
            POD,
            Left("r/a", ("spec.template.spec.initContainers[0].image (line 7)",)),
            id="an init container",
        ),
        pytest.param(WEB, POD.replace("r/a", "r/c", 1), None, id="another image"),
        pytest.param(
            Key("[metadata.name=a].spec.containers[name=web].image"),
            "\n---\n".join(
                f"metadata: {{name: {name}}}\nspec: {{containers: [{{name: web, image: r/a:v1}}]}}"
                for name in "ab"
            ),
            None,
            id="another pod",
        ),
        pytest.param(Containers("r/a"), POD, None, id="all move"),
        pytest.param(Key("web.image"), "web: {image: r/a:v1}\n", None, id="a values file"),
        pytest.param(Key("nothing"), POD, None, id="no such place"),
    ],
)
def test_what_one_key_would_leave_behind(at, text, expected):
    assert expected == left_behind(text.encode(), "web.yaml", at)


def test_a_value_that_is_not_the_expected_one_is_stale():
    with pytest.raises(EditError) as caught:
        set_tag(b"tag: v1\n", "values.yaml", TAG, "v2", expected="v0")

    assert (EditCode.STALE, ("v1",)) == (caught.value.code, caught.value.candidates)


def test_no_tag_can_be_expected():
    edited = set_tag(b"images:\n- name: a\n", "kustomization.yaml", APP, "v2", expected=None)

    assert (None, "v2", (3,)) == (edited.old, edited.new, edited.lines)


def test_a_tag_that_stands_there_already_changes_no_line():
    text = b"tag: 'v1' # c\n"
    edited = set_tag(text, "values.yaml", TAG, "v1")

    assert (text, "v1", ()) == (edited.text, edited.old, edited.lines)


def test_candidates_of_two_documents_can_be_told_apart():
    text = b"kind: A\nmetadata: {name: q}\ntag: x\n---\nkind: B\ntag: y\n"
    with pytest.raises(EditError) as caught:
        set_tag(text, "all.yaml", TAG, "v2")

    assert ("[kind=A][metadata.name=q].tag (line 3)", "[kind=B].tag (line 6)") == (
        caught.value.candidates
    )


def test_a_typo_is_answered_by_the_nearest_key():
    with pytest.raises(EditError) as caught:
        set_tag(b"a:\n  imageTag: v1\n", "values.yaml", Key("a.imageTga"), "v2")

    assert ("a.imageTag",) == caught.value.candidates
    assert "values.yaml, line 2: there is no key imageTga in a." in str(caught.value)


@pytest.mark.parametrize(
    ("at", "digest", "before", "after"),
    [
        pytest.param(R_A, DROP, f"image: r/a:v1@{A}\n", "image: r/a:v2\n", id="reference, dropped"),
        pytest.param(
            R_A, B, f"image: 'r/a:v1@{A}'\n", f"image: 'r/a:v2@{B}'\n", id="reference, replaced"
        ),
        pytest.param(
            APP,
            DROP,
            f"images:\n- digest: {A}\n  name: a\n",
            "images:\n- name: a\n  newTag: v2\n",
            id="35 dropped at the dash",
        ),
        pytest.param(
            APP,
            DROP,
            f"images:\r\n- name: a\r\n  digest: {A} # c\r\n  newTag: v1\r\n",
            "images:\r\n- name: a\r\n  newTag: v2\r\n",
            id="dropped with its line",
        ),
        pytest.param(
            APP,
            DROP,
            f"images:\n- name: a\n  digest: {A}",
            "images:\n- name: a\n  newTag: v2",
            id="dropped at the end of the file",
        ),
        pytest.param(
            APP,
            DROP,
            f'images: [{{name: a, digest: "{A}"}}]\n',
            "images: [{name: a, newTag: v2}]\n",
            id="dropped in braces",
        ),
        pytest.param(
            APP,
            B,
            f"images:\n- name: a\n  newTag: v1\n  digest: {A}\n",
            f"images:\n- name: a\n  newTag: v2\n  digest: {B}\n",
            id="entry, replaced",
        ),
        pytest.param(
            X_TAG,
            DROP,
            f"x:\n  tag: v1\n  digest: {A}\n",
            'x:\n  tag: v2\n  digest: ""\n',
            id="values, emptied",
        ),
    ],
)
def test_a_digest_goes_or_changes_only_when_asked(at, digest, before, after):
    edited = set_tag(before.encode(), "values.yaml", at, "v2", digest=digest)

    assert after.encode() == edited.text


@pytest.mark.parametrize(
    ("at", "text", "tag"),
    [
        pytest.param(TAG, "tag: 1.10\n", "1.10", id="as written"),
        pytest.param(TAG, "tag:\n", None, id="empty"),
        pytest.param(TAG, 'tag: ""\n', None, id="empty string"),
        pytest.param(R_A, "image: r/a\n", None, id="reference without tag"),
        pytest.param(R_A, f"image: r/a:v1@{A}\n", "v1", id="pinned"),
        pytest.param(APP, "images: []\n", None, id="no entry"),
        pytest.param(APP, "resources: []\n", None, id="no images"),
        pytest.param(APP, "images:\n- name: a\n", None, id="no newTag"),
        pytest.param(Key("images[name=a].newTag"), "images: [{name: a, newTag: x}]", "x", id="key"),
        pytest.param(R_A, "kind: ConfigMap\ndata: {image: r/a:v0}\n---\nimage: r/a:v1\n", "v1",
                     id="a ConfigMap holds no image"),
    ],
)  # fmt: skip
def test_read(at, text, tag):
    assert tag == read_tag(text.encode(), called(at, text), at)
