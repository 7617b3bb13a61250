"""MeSH headings that say how and on whom an article worked, and not what it is about.

They are the commonest headings of all, so that a slice for each would leave no place for diseases and treatments. NLM's
tree of headings would tell them apart; no package has it, so the common ones are listed.
"""

CHECK_TAGS = frozenset(
    {
        *("Adolescent", "Adult", "Aged", "Aged, 80 and over", "Animals", "Cats", "Cattle", "Chick Embryo", "Child"),
        *("Child, Preschool", "Cricetinae", "Dogs", "Female", "Guinea Pigs", "Humans", "Infant", "Infant, Newborn"),
        *("Male", "Mice", "Middle Aged", "Pregnancy", "Rabbits", "Rats", "Sheep", "Swine", "Young Adult"),
    }
)
"""Whom an article studied: after NLM's check tags, which indexers tick for species, sex and age (MEDLINE Indexing
Online Training Course, "Check Tags")."""

METHODS = frozenset(
    {
        *("Age Distribution", "Age Factors", "Algorithms", "Analysis of Variance", "Area Under Curve"),
        *("Case-Control Studies", "Chi-Square Distribution", "Clinical Trials as Topic", "Cohort Studies"),
        *("Confidence Intervals", "Cross-Over Studies", "Cross-Sectional Studies", "Data Collection"),
        *("Databases, Factual", "Disease-Free Survival", "Double-Blind Method", "Epidemiologic Methods"),
        *("Evaluation Studies as Topic", "False Negative Reactions", "False Positive Reactions", "Feasibility Studies"),
        *("Follow-Up Studies", "Health Care Surveys", "Health Surveys", "Incidence", "Interviews as Topic"),
        *("Kaplan-Meier Estimate", "Linear Models", "Logistic Models", "Longitudinal Studies", "Models, Biological"),
        *("Multivariate Analysis", "Observer Variation", "Odds Ratio", "Outcome Assessment, Health Care"),
        *("Outcome Assessment (Health Care)", "Patient Selection", "Pilot Projects", "Predictive Value of Tests"),
        *("Prevalence", "Probability", "Prognosis", "Proportional Hazards Models", "Prospective Studies"),
        *("ROC Curve", "Random Allocation", "Randomized Controlled Trials as Topic", "Reference Values"),
        *("Registries", "Regression Analysis", "Reproducibility of Results", "Retrospective Studies"),
        *("Risk Assessment", "Risk Factors", "Seasons", "Sensitivity and Specificity", "Severity of Illness Index"),
        *("Sex Distribution", "Sex Factors", "Single-Blind Method", "Socioeconomic Factors"),
        *("Statistics, Nonparametric", "Surveys and Questionnaires", "Survival Analysis", "Survival Rate"),
        *("Time Factors", "Treatment Outcome"),
    }
)
"""How an article worked: the commonest headings of study designs, statistics and outcomes."""


def about(heading: str) -> bool:
    """Return whether a heading can say what an article is about."""
    return heading not in CHECK_TAGS and heading not in METHODS
