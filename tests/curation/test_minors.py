import pytest

from latamgpt.curation.personal_data.minors import count_minors


@pytest.mark.parametrize(
    "text",
    [
        "La alumna Rosa Quispe, de 9 años, fue retirada de la escuela por su tutora.",
        "El niño Juan Soto Paz, de doce años, declaró ante el juzgado.",
        "A menina Ana Ribeiro, de 7 anos, aluna da escola municipal, foi ouvida pelo conselho tutelar.",
        "El menor [NAME], de 15 años, con diagnóstico reservado.",
    ],
)
def test_a_child_who_could_be_found_is_counted(text: str) -> None:
    assert count_minors(text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Tenía 12 años cuando Pedro Páramo lo mandó llamar.",  # a novel: no record about a child
        "El niño de ocho años iba a la escuela.",  # nobody is named
        "La alumna Rosa Quispe, de 29 años, dejó la escuela.",
        "Hace 10 años la escuela recibió a María Paz.",  # nobody is a child
        "Los niños de 6 a 12 años van a la Escuela Nacional.",
        "",
    ],
)
def test_a_child_nobody_could_find_is_not(text: str) -> None:
    assert count_minors(text) == 0


def test_a_name_in_another_paragraph_does_not_count() -> None:
    assert count_minors("El niño, de 9 años, fue a la escuela.\n\nRosa Quispe lo escribió.") == 0
