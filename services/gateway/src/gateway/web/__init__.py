"""The gateway's web pages: server-rendered shells, and small ES modules that call the public JSON API from the browser.

A page knows nothing that the API does not say, except the network's name, its languages and its branches' phones.
"""
