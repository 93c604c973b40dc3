"""Replies of patients: bound to what they answer, carried out by the owner, answered in the same conversation.

What is not clearly understood changes nothing, and a person is asked.
"""
