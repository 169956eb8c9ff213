"""Documents from attachments: Markdown and docassemble's markup become PDF, DOCX, RTF and HTML files."""
