"""What is wrong with a file is told by its first line, and counted."""

from registry.domain.submission_report import LineFinding, SubmissionRefused


def test_a_refused_file_tells_its_first_line_and_how_many_are_wrong() -> None:
    finding = LineFinding(line=7, code="slot-used", where="", message="slot 0/1 holds another credential")

    refused = SubmissionRefused([finding], errors=3)

    assert (refused.code, refused.errors, refused.findings) == ("signed-upload-has-errors", 3, (finding,))
    assert "3 lines" in refused.message
    assert "line 7: slot 0/1 holds another credential" in refused.message
