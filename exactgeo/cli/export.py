"""``exactgeo export``: the statement of a certificate for a proof assistant."""

from __future__ import annotations

import click

from exactgeo import files
from exactgeo.cli.options import DONE, emit, epilog, json_option, output_option
from exactgeo.errors import InputError

__all__ = ["export"]


@click.command(
    epilog=epilog(
        "exactgeo certify swirszcz-prop1 --certificate prop1.json --no-strictness",
        "exactgeo export --coq prop1.json -o Prop1.v",
        exits="0 done",
    )
)
@click.argument("certificate", metavar="CERT.json")
@click.option("--coq", is_flag=True, help="For Coq: theorems over Q, checked by coqc without axioms.")
@output_option("-o", "--output", required=True, metavar="OUT.v", help="The file to write.")
@json_option
def export(certificate: str, coq: bool, output: str, as_json: bool) -> int:
    """Write the statement of a certificate, with a proof, for a proof assistant."""
    from exactgeo.checking import check as run
    from exactgeo.claims.certificate import Certificate
    from exactgeo.claims.coq import coq as render

    if not coq:
        raise InputError("export", "no proof assistant", "--coq", "exactgeo export --coq CERT.json -o OUT.v")
    answer = run(certificate)
    if answer is None or not answer.accepted:
        reason = "" if answer is None else answer.reason
        raise InputError(
            certificate, reason, "a certificate that `exactgeo check` accepts", "one of `exactgeo certify`"
        )
    text, left_out = render(Certificate.read(certificate))
    with files.replacing_text(output, "ascii") as target:
        target.write(text)
    emit(
        {"file": output, "left_out": left_out},
        lambda: f"wrote {output}; check it with: coqc {output}",
        as_json=as_json,
    )
    for kind in left_out if not as_json else []:
        click.echo(f"not exported: the claim {kind}", err=True)
    return DONE
