"""Pairs of premise and claim with what a reader says of them. The rules of entailment were written by `PLANTED`.

`FRESH` was written afterwards, and nothing was changed for it. One author wrote both.
"""

from __future__ import annotations

from typing import NamedTuple


class Planted(NamedTuple):
    """A premise, a claim, and how the claim was made of the premise."""

    kind: str
    """`paraphrase`: entailed. `omitted`: neutral. All others: contradicted."""
    premise: str
    claim: str

    @property
    def verdict(self) -> str:
        """What a reader says."""
        return {"paraphrase": "entailed", "omitted": "neutral"}.get(self.kind, "contradicted")


def _pairs(text: str) -> tuple[Planted, ...]:
    """Read pairs of two lines: kind and premise, and the claim."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = zip((line.split(" | ") for line in lines[::2]), lines[1::2], strict=True)
    return tuple(Planted(kind, premise, claim) for (kind, premise), claim in rows)


PLANTED = _pairs(
    """
paraphrase | Glaucoma damages the optic nerve and can lead to blindness.
    The optic nerve is damaged by glaucoma.
paraphrase | Most people with a cold recover in 7 to 10 days. Rest and fluids help.
    People recover from a cold in 7 to 10 days.
paraphrase | Type 1 diabetes is treated with insulin injections.
    Insulin treats type 1 diabetes.
paraphrase | The usual dose for adults is 500 mg every 8 hours.
    Adults usually take a dose of 0.5 g every 8 hours.
paraphrase | Smoking is the main cause of lung cancer.
    The main cause of lung cancers is smoking.
paraphrase | There is no cure for asthma, but inhaled steroids control its symptoms.
    Asthma cannot be cured.
paraphrase | The vaccine does not cause autism.
    Autism is not caused by the vaccine.
paraphrase | Symptoms include fever, cough and a sore throat.
    Cough and fever are symptoms.
paraphrase | Children under two years should not get cough medicine.
    Do not give cough medicine to children under two years.
paraphrase | Metformin lowers blood sugar. It rarely causes low blood sugar.
    Blood sugar is lowered by metformin.
paraphrase | High blood pressure has no symptoms in most people.
    Most people have no symptoms of high blood pressure.
paraphrase | The disease is inherited: a mutation in the HBB gene causes it.
    A mutation of the HBB gene causes the disease.
paraphrase | Warfarin thins the blood and prevents clots. Bleeding is its main risk.
    Warfarin prevents blood clots.
paraphrase | Il n'existe pas de traitement curatif de la maladie.
    La maladie n'a pas de traitement curatif.
paraphrase | El asma se trata con corticosteroides inhalados.
    Los corticosteroides inhalados tratan el asma.
paraphrase | The test takes about 30 minutes and is painless.
    The painless test takes 30 minutes.
number | The usual dose for adults is 500 mg every 8 hours.
    The usual dose for adults is 50 mg every 8 hours.
number | Most people with a cold recover in 7 to 10 days.
    Most people with a cold recover in 7 to 10 weeks.
number | The test takes about 30 minutes.
    The test takes about 90 minutes.
number | About 10% of people carry the gene.
    About 40% of people carry the gene.
number | The vaccine is given in two doses.
    The vaccine is given in three doses.
number | The incubation period is 14 days.
    The incubation period is 14 hours.
number | Screening begins at the age of 45 years.
    Screening begins at the age of 65 years.
number | Body temperature rises above 38 degrees.
    Body temperature rises above 40 degrees.
number | La dose est de 250 mg par jour.
    La dose est de 750 mg par jour.
number | El tratamiento dura 6 meses.
    El tratamiento dura 6 semanas.
number | It affects 1 in 40,000 newborns.
    It affects 1 in 4,000 newborns.
negated | Antibiotics treat strep throat.
    Antibiotics do not treat strep throat.
negated | The vaccine does not cause autism.
    The vaccine causes autism.
negated | Aspirin should not be given to children with chickenpox.
    Aspirin should be given to children with chickenpox.
negated | The disease is contagious before the rash appears.
    The disease isn't contagious before the rash appears.
negated | There is no cure for asthma.
    There is a cure for asthma.
negated | Surgery is needed in most cases of appendicitis.
    Surgery is never needed in cases of appendicitis.
negated | Patients can drive after the procedure.
    Patients cannot drive after the procedure.
negated | The condition runs in families.
    The condition does not run in families.
negated | La maladie est contagieuse.
    La maladie n'est pas contagieuse.
negated | El medicamento causa sueño.
    El medicamento no causa sueño.
negated | Most people recover without treatment.
    Most people recover with treatment.
opposite | Warfarin increases the risk of bleeding.
    Warfarin decreases the risk of bleeding.
opposite | The tumour is benign in most cases.
    The tumour is malignant in most cases.
opposite | The condition is more common in women.
    The condition is more common in men.
opposite | Take the tablet before meals.
    Take the tablet after meals.
opposite | The disorder is rare in adults.
    The disorder is common in adults.
opposite | Beta-agonists relax the muscles of the airways.
    Beta-agonists tighten the muscles of the airways.
opposite | Hypertension damages the kidneys.
    Hypotension damages the kidneys.
opposite | Une alimentation salée augmente la tension.
    Une alimentation salée diminue la tension.
opposite | El ejercicio disminuye la presión.
    El ejercicio aumenta la presión.
opposite | Untreated, the disease gets worse with age.
    Untreated, the disease gets better with age.
drug | Type 2 diabetes is first treated with metformin.
    Type 2 diabetes is first treated with glipizide and sitagliptin.
drug | Strep throat is treated with penicillin.
    Strep throat is treated with ciprofloxacin.
drug | Doctors give ibuprofen for the pain.
    Doctors give morphine for the pain.
drug | Atrial fibrillation is treated with warfarin or apixaban.
    Atrial fibrillation is treated with heparin.
drug | High cholesterol is treated with atorvastatin.
    High cholesterol is treated with lisinopril.
drug | Velorin fever is treated with tazomib.
    Velorin fever is treated with kelomib.
drug | Depression is often treated with fluoxetine.
    Depression is often treated with diazepam.
drug | Heartburn is treated with omeprazole.
    Heartburn is treated with amoxicillin.
drug | La infección se trata con amoxicilina.
    La infección se trata con azitromicina.
drug | L'infection est traitée par l'amoxicilline.
    L'infection est traitée par la vancomycine.
drug | Malaria is treated with quinine.
    Malaria is treated with aspirin.
omitted | Glaucoma damages the optic nerve.
    Regular eye exams find glaucoma early.
omitted | Symptoms include fever and cough.
    A rash on the chest and back follows after some days.
omitted | The test takes about 30 minutes.
    A nurse removes the needle and puts on a bandage.
omitted | Warfarin thins the blood.
    Tell your dentist which medicines you take.
omitted | Most people with a cold recover in 7 to 10 days.
    Wash your hands often to avoid spreading germs.
omitted | The disease is inherited.
    Genetic counselling can help families who plan to have children.
omitted | Asthma cannot be cured.
    Inhaled steroids control the symptoms of asthma in most patients.
omitted | Diabetes raises blood sugar.
    High blood pressure strains the heart.
omitted | El asma se trata con corticosteroides.
    El humo del tabaco provoca ataques.
omitted | Strep throat is treated with penicillin.
    Untreated, the infection can damage the heart.
omitted | Smoking causes lung cancer.
    Radon is another cause.
omitted | Children should not get aspirin.
    Reye syndrome harms the liver and the brain.
    """
)

FRESH = _pairs(
    """
paraphrase | Shingles is caused by the varicella-zoster virus, which also causes chickenpox.
    The varicella-zoster virus causes shingles and chickenpox.
paraphrase | People with celiac disease must not eat gluten.
    Gluten must not be eaten by people who have celiac disease.
paraphrase | The kidney stone usually passes within 4 weeks. Drink plenty of water.
    Kidney stones usually pass in 4 weeks.
paraphrase | Anemia is diagnosed with a blood count.
    A blood count is used to diagnose anemia.
paraphrase | Iron deficiency makes people tired and pale.
    Tiredness and pale skin are signs of a lack of iron.
paraphrase | Gout is not contagious.
    You cannot catch gout from somebody else.
paraphrase | Take two tablets of 5 mg in the morning.
    In the morning, two 5 mg tablets are taken.
paraphrase | Measles spreads through the air when an infected person coughs.
    Coughing by infected people spreads measles through the air.
paraphrase | La grippe guérit en une semaine sans antibiotiques.
    Sans antibiotiques, la grippe guérit en une semaine.
paraphrase | La anemia se diagnostica con un análisis de sangre.
    Un análisis de sangre diagnostica la anemia.
number | The kidney stone usually passes within 4 weeks.
    The kidney stone usually passes within 4 days.
number | Take two tablets of 5 mg in the morning.
    Take two tablets of 50 mg in the morning.
number | The risk falls by 20 percent.
    The risk falls by 70 percent.
number | It occurs in one of 5,000 births.
    It occurs in one of 500 births.
number | The wound heals in six weeks.
    The wound heals in two weeks.
number | Adults need 8 hours of sleep.
    Adults need 4 hours of sleep.
number | Le traitement dure 10 jours.
    Le traitement dure 3 jours.
negated | Gout is not contagious.
    Gout is contagious.
negated | Iron tablets can darken the stool.
    Iron tablets don't darken the stool.
negated | People with celiac disease must not eat gluten.
    People with celiac disease must eat gluten.
negated | Shingles can be prevented by a vaccine.
    Shingles cannot be prevented by a vaccine.
negated | Fever usually goes away without treatment.
    Fever does not usually go away without treatment.
negated | Measles leaves scars on the cornea.
    Measles never leaves scars on the cornea.
negated | La grippe se transmet par l'air.
    La grippe ne se transmet pas par l'air.
opposite | Exercise lowers blood pressure.
    Exercise raises blood pressure.
opposite | The stroke weakened the left arm.
    The stroke weakened the right arm.
opposite | Gout is more frequent in men.
    Gout is more frequent in women.
opposite | The pain comes on suddenly.
    The pain comes on gradually.
opposite | Thyroid hormones are too high.
    Thyroid hormones are too low.
opposite | Pertussis is a bacterial infection.
    Pertussis is a viral infection.
drug | Gout attacks are treated with colchicine.
    Gout attacks are treated with allopurinol and prednisone.
drug | Shingles is treated with acyclovir.
    Shingles is treated with metronidazole.
drug | Migraine is treated with sumatriptan.
    Migraine is treated with propranolol.
drug | Anemia is treated with iron tablets.
    Anemia is treated with insulin.
drug | Seizures are treated with valproate.
    Seizures are treated with levetiracetam.
drug | La goutte est traitée par la colchicine.
    La goutte est traitée par le paracétamol.
omitted | Gout attacks are treated with colchicine.
    Alcohol and red meat bring attacks on.
omitted | Measles spreads through the air.
    Vitamin A is given to children in hospital.
omitted | Anemia is diagnosed with a blood count.
    Severe anemia strains the heart.
omitted | Exercise lowers blood pressure.
    Salt should be limited to a teaspoon a day.
omitted | The wound heals in six weeks.
    Keep it clean and dry, and look for pus.
omitted | Shingles is treated with acyclovir.
    The rash forms a band on one side of the body.
    """
)
