"""Given names that are common in the United States, France and Spain and are not words of medicine or of the calendar.

This is a plain list and not a language model. Most people have a name on the list, but most names are not on it.
"""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    Aaron Abigail Adam Adrián Ahmed Alain Alan Albert Alberto Alejandro Alexander Alexis Ali Alice Amanda Amber
    Amy Ana Andrea Andrew André Angela Ann Anna Anne Anthony Antoine Antonia Antonio Arthur Ashley Aurélie Austin
    Barbara Beatriz Benjamin Bernard Betty Beverly Brandon Brenda Brian Brittany Bruce Bryan Camila Camille Carl
    Carlos Carmen Carol Carolyn Catherine Chantal Charles Cheryl Chloé Christian Christine Christophe Christopher
    Claude Concepción Cristina Cynthia Céline Daniel Danielle David Deborah Debra Denise Dennis Diana Diane Diego
    Donald Donna Doris Dorothy Douglas Dylan Eduardo Edward Elena Elijah Elizabeth Emily Emma Encarnación Enrique
    Eric Ethan Evelyn Fatima Fernando Francisca Francisco Frank Françoise Frédéric Gabriel Gary George Georges
    Gerald Gloria Gregory Guadalupe Guillaume Gérard Hannah Harold Heather Helen Henry Hugo Hélène Inès Inés
    Isabel Isabella Isabelle Iván Jack Jacob Jacqueline Jacques James Jane Janet Janice Jason Javier Jean Jeanne
    Jeffrey Jennifer Jeremy Jerry Jesse Jessica Jesús Joaquín John Jonathan Jordan Jorge Jose Josefa Joseph Joshua
    José Joyce Juan Juana Judy Julia Julie Julien Justin Karen Katherine Kathleen Kathryn Kayla Keith Kenneth
    Kevin Kimberly Kyle Larry Laura Laurent Lawrence Liam Linda Lisa Logan Lori Louis Lucas Lucie Lucía Luis Léa
    Madison Manon Manuel Marcel Margaret Maria Marie Marilyn Marta Martha Martine Mary María Mason Mateo Mathilde
    Matthew Megan Melissa Mercedes Michael Michel Michelle Miguel Mohammed Monique Montserrat Muhammad Nancy
    Natalie Nathalie Nathan Nicholas Nicolas Nicole Noah Nuria Oliver Olivia Olivier Pablo Pamela Patricia Patrick
    Paul Paula Pedro Peter Philippe Pierre Pilar Rachel Rafael Ramón Raquel Raymond Raúl Rebecca René Richard
    Robert Rocío Roger Ronald Rosa Rubén Ruth Ryan Samantha Samuel Sandra Santiago Sara Sarah Scott Sean Sergio
    Sharon Shirley Silvia Sophia Sophie Stephanie Stephen Steven Stéphanie Susan Suzanne Sylvie Sébastien Teresa
    Terry Thierry Thomas Timothy Tyler Valentina Valérie Vicente Walter Wayne William Willie Ximena Zachary Álvaro
    Ángel Élodie Éric
""".split()
)
