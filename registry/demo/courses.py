"""The courses of the demonstration: ordinary micro-credentials, with skills of ESCO.

Skills by their concept URIs and preferred labels, from ESCO (European Commission, reuse with the source acknowledged,
Decision 2011/833/EU).
"""

from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import JsonObject

_ESCO: Final = "http://data.europa.eu/esco/skill/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One course, as a registrar describes it."""

    name: str
    description: str
    criteria: str
    skills: tuple[tuple[str, str], ...]
    """Label and the last part of the ESCO concept URI."""

    def body(self, *, grades: tuple[str, ...] = (), suspension: bool = False) -> JsonObject:
        """Write the achievement that the service is asked to create."""
        body: JsonObject = {
            "name": self.name,
            "description": self.description,
            "achievementType": "MicroCredential",
            "criteria": {"narrative": self.criteria},
            "alignment": [
                {
                    "targetName": label,
                    "targetUrl": f"{_ESCO}{concept}",
                    "targetType": "ext:ESCOSkill",
                    "targetFramework": "ESCO",
                }
                for label, concept in self.skills
            ],
            "inLanguage": "en",
            "suspension": suspension,
        }
        if grades:
            body["resultDescription"] = [
                {"name": "Final grade", "resultType": "LetterGrade", "allowedValue": list(grades)}
            ]
        return body


DATA_ANALYSIS: Final = Course(
    name="Data Analysis with Python",
    description="Collect, clean, analyse and present data with Python.",
    criteria="Six weekly assignments and a supervised project on a data set of the learner's own choice.",
    skills=(
        ("Python (computer programming)", "ccd0a1d9-afda-43d9-b901-96344886e14d"),
        ("perform data analysis", "2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f"),
        ("data analytics", "97bd1c21-66b2-4b7e-ad0f-e3cda590e378"),
    ),
)

COURSES: Final = (
    DATA_ANALYSIS,
    Course(
        name="Digital Marketing Certification",
        description="Plan, run and measure a campaign over search, mail and social media.",
        criteria="A campaign plan, carried out with a given budget and defended before two examiners.",
        skills=(
            ("plan digital marketing", "736ef286-fbd3-4e5c-a4b4-d1e2008c9898"),
            ("apply social media marketing", "64e09849-a7db-4d6b-a932-66264420eb97"),
            ("web analytics", "1605025e-a179-421f-8f35-5b07d182a6b2"),
        ),
    ),
    Course(
        name="Renewable Energy Technician",
        description="Inspect and maintain solar and wind installations safely.",
        criteria="Forty supervised hours on site and a written examination on safety rules.",
        skills=(
            ("maintain solar energy systems", "9cf2856d-0375-4ec3-a51f-7f9c82119859"),
            ("inspect wind turbines", "52242966-692f-4a4f-8279-cadbc7874183"),
        ),
    ),
    Course(
        name="Cybersecurity Fundamentals",
        description="Recognise attacks on ordinary systems and choose counter-measures.",
        criteria="A laboratory examination: find, describe and close five weaknesses.",
        skills=(
            ("cyber security", "8088750d-8388-4170-a76f-48354c469c44"),
            ("cyber attack counter-measures", "5898d99a-62a4-4e10-a2e3-0d815ce44248"),
        ),
    ),
    Course(
        name="Agile Project Management",
        description="Lead a small team through short, measurable steps.",
        criteria="Three iterations of a team project, with a retrospective after each.",
        skills=(
            ("Agile project management", "0a9acb6b-1139-4be9-b431-3a80a959f2f4"),
            ("work in teams", "60c78287-22eb-4103-9c8c-28deaa460da0"),
        ),
    ),
    Course(
        name="IT Support",
        description="Find and mend the faults of workplaces and small networks.",
        criteria="Twenty tickets solved and documented, five of them under supervision.",
        skills=(
            ("perform ICT troubleshooting", "744442ac-c157-4350-8be0-ce454df4f5c5"),
            ("ICT help platforms", "778ca7ad-6c5d-4868-9b96-a7777dca799c"),
        ),
    ),
    Course(
        name="Telehealth Practice",
        description="Use digital tools with patients at a distance, within the rules of care.",
        criteria="Two recorded consultations with actors, judged by clinicians.",
        skills=(("use e-health and mobile health technologies", "16636767-c215-4cf0-b126-e144fea20926"),),
    ),
    Course(
        name="UX Design",
        description="From an interview with users to a prototype that was tested with them.",
        criteria="A prototype, its test protocol and what changed because of it.",
        skills=(("create prototype of user experience solutions", "07dd856d-6141-48a7-a228-918f88494812"),),
    ),
    Course(
        name="Leadership",
        description="Guide people towards a common goal and keep a team together.",
        criteria="A semester as a team's lead, with reports of the lead, the team and a coach.",
        skills=(
            ("lead others", "75d8e5d9-bef3-418b-9011-01bff9f27207"),
            ("build team spirit", "b19e0820-a96f-4c0a-a724-3c056180c1b3"),
        ),
    ),
)
