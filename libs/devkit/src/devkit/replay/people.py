"""Names and phones that the file does not have: made up, and the same for one `PatientId` every time."""

import hashlib

WOMEN = (
    "Ana", "Beatriz", "Camila", "Daniela", "Eduarda", "Fernanda", "Gabriela", "Helena", "Isabela", "Juliana", "Karina",
    "Larissa", "Maria", "Natália", "Olívia", "Patrícia", "Rafaela", "Sabrina", "Tatiana", "Vitória", "Yasmin", "Lúcia",
)  # fmt: skip
MEN = (
    "André", "Bruno", "Carlos", "Diego", "Eduardo", "Felipe", "Gustavo", "Henrique", "Igor", "João", "Leonardo",
    "Marcelo", "Nelson", "Otávio", "Paulo", "Rafael", "Sérgio", "Tiago", "Vinícius", "Wagner", "Antônio", "José",
)  # fmt: skip
FAMILIES = (
    "Almeida", "Barbosa", "Cardoso", "Dias", "Esteves", "Ferreira", "Gonçalves", "Henriques", "Lima", "Machado",
    "Nascimento", "Oliveira", "Pereira", "Queiroz", "Ribeiro", "Santos", "Teixeira", "Vieira", "Araújo", "Batista",
    "Correia", "Duarte", "Fernandes", "Gomes", "Martins", "Nunes", "Pinto", "Rocha", "Souza", "Tavares",
)  # fmt: skip


def _number(patient: str, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{purpose}/{patient}".encode()).digest()[:8])


def name(patient: str, *, female: bool) -> str:
    """A given name and two family names."""
    number = _number(patient, "name")
    given = WOMEN if female else MEN
    number, first = divmod(number, len(given))
    number, second = divmod(number, len(FAMILIES))
    third = number % len(FAMILIES)
    return f"{given[first]} {FAMILIES[second]} {FAMILIES[third]}"


def phone(patient: str) -> str:
    """A mobile of Vitória: +55 27 9 and eight digits, the first of them 6 to 9."""
    return f"+55279{60_000_000 + _number(patient, 'phone') % 40_000_000}"
