//! The names that the made-up data is made of.

use super::COMPANIES;

pub(super) struct Firm {
    pub(super) name: &'static str,
    pub(super) legal: &'static str,
    pub(super) domain: &'static str,
    pub(super) street: &'static str,
    pub(super) place: (&'static str, &'static str, &'static str),
}

const fn firm(
    name: &'static str,
    legal: &'static str,
    domain: &'static str,
    street: &'static str,
    place: (&'static str, &'static str, &'static str),
) -> Firm {
    Firm { name, legal, domain, street, place }
}

pub(super) const FIRMS: [Firm; COMPANIES] = [
    firm(
        "Alder & Finch",
        "Alder & Finch Ltd",
        "alderfinch.example",
        "14 Quay Street",
        ("BS1 4QA", "Bristol", "GB"),
    ),
    firm(
        "Boreal Textil",
        "Boreal Textil AB",
        "borealtextil.example",
        "Kungsgatan 8",
        ("411 19", "Göteborg", "SE"),
    ),
    firm(
        "Café Lisière",
        "Café Lisière SARL",
        "cafelisiere.example",
        "3 rue des Tanneurs",
        ("69005", "Lyon", "FR"),
    ),
    firm(
        "Drossel Werkzeuge",
        "Drossel Werkzeuge GmbH",
        "drossel.example",
        "Ziegelstraße 21",
        ("10117", "Berlin", "DE"),
    ),
    firm(
        "Estuary Robotics",
        "Estuary Robotics BV",
        "estuary.example",
        "Havenkade 90",
        ("3011 TA", "Rotterdam", "NL"),
    ),
    firm(
        "Fjellmark Energi",
        "Fjellmark Energi AS",
        "fjellmark.example",
        "Torggata 5",
        ("5014", "Bergen", "NO"),
    ),
    firm(
        "Giralda Óptica",
        "Giralda Óptica SL",
        "giralda.example",
        "Calle Feria 12",
        ("41003", "Sevilla", "ES"),
    ),
    firm(
        "Halyard Supply",
        "Halyard Supply Inc.",
        "halyard.example",
        "77 Wharf Road",
        ("02210", "Boston", "US"),
    ),
    firm(
        "Isola Ceramiche",
        "Isola Ceramiche SpA",
        "isolaceramiche.example",
        "Via Po 44",
        ("10124", "Torino", "IT"),
    ),
    firm(
        "Juniper Print",
        "Juniper Print OÜ",
        "juniperprint.example",
        "Pikk 30",
        ("10133", "Tallinn", "EE"),
    ),
    firm(
        "Kestrel Bicycles",
        "Kestrel Bicycles ApS",
        "kestrel.example",
        "Nørrebrogade 61",
        ("2200", "København", "DK"),
    ),
    firm(
        "Lumen Architekten",
        "Lumen Architekten OG",
        "lumen.example",
        "Lindengasse 9",
        ("1070", "Wien", "AT"),
    ),
];

pub(super) const GIVEN: [&str; 10] =
    ["Ada", "Björn", "Chiara", "Dimitri", "Elif", "Femke", "Gonzalo", "Hanna", "Ines", "Jonas"];
pub(super) const FAMILY: [&str; 15] = [
    "Albrecht",
    "Bakker",
    "Castellano",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Greaves",
    "Halloran",
    "Ivanova",
    "Jansson",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Oduya",
];
pub(super) const TITLES: [&str; 5] =
    ["Accountant", "Buyer", "Managing Director", "Office Manager", "Controller"];
pub(super) const COSTS: [(&str, &str); 8] = [
    ("Nordlicht Strom", "Electricity"),
    ("Metro Mobility", "Monthly travel passes"),
    ("Paper & Quill", "Office supplies"),
    ("Kontor Nine", "Rent of studio"),
    ("Brightwire", "Internet and telephone"),
    ("Ferryman Courier", "Parcels"),
    ("Osprey Insurance", "Liability insurance"),
    ("Granary Canteen", "Team lunch"),
];
