from sharpeyes.registry.figures import figure
from sharpeyes.service.cli.coverage import figure_words


def test_a_figure_in_words_says_what_it_is_a_share_of() -> None:
    assert figure_words(figure(293_999, 294_000, unknown=2)) == "99.99 % of 294,000; 2 unknown"
    assert figure_words(figure(1, 2)) == "50 % of 2"
    assert figure_words(figure(0, 0, networked_unknown=4)) == "not known of 0; 4 networked unknown"
    assert figure_words(figure(0, 0)) == "-"
